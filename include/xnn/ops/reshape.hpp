// Views of the same elements in the same order under another shape.
// https://pytorch.org/docs/stable/generated/torch.reshape.html
#pragma once

#include "xnn/expr/apply.hpp"

namespace xnn {

/// The elements of E in row-major order, as an array of shape S. Costs nothing where E's elements have one row.
template <class E, AnyShape S>
class Reshape : public Node<Reshape<E, S>, value_t<E>, S, device_t<E>> {
    using T = value_t<E>;
    using Device = device_t<E>;
    static constexpr bool passes_through = detail::is_linear<std::remove_cvref_t<decltype(std::declval<const E&>().loader(std::declval<const typename E::State&>()))>>;

public:
    static constexpr bool requires_grad = E::requires_grad;
    static constexpr bool inference = is_inference<E>;
    static constexpr bool hooked = is_hooked<E>;
    static constexpr bool is_leaf = E::is_leaf;
    struct State {
        typename E::State child;
        const T* data;
    };

    Reshape(E child, const S& shape) : child_(std::move(child)), shape_(shape) {}

    const S& shape() const { return shape_; }
    const E& child() const { return child_; }
    State forward(Arena<Device>& arena) const {
        State state{child_.forward(arena), nullptr};
        if constexpr (!passes_through) state.data = dense(arena, child_, state.child);
        return state;
    }
    /// The same with the elements in this memory, unless they are read there.
    State forward_into(Arena<Device>& arena, Into<T, Device>& into) const
        requires requires(const E& child) { child.forward_into(arena, into); }
    {
        State state{child_.forward_into(arena, into), nullptr};
        state.data = dense(arena, child_, state.child);
        return state;
    }
    auto loader(const State& state) const {
        if constexpr (passes_through)
            return child_.loader(state.child);
        else
            return Ptr<T>(state.data);
    }

    auto sink(Pass<Device>& pass, const State& state, index_t) const {
        if constexpr (requires_grad)
            return DenseSink<T>{open_all(pass, state)};
        else
            return NoSink{};
    }
    template <class Sink>
    void drain(Pass<Device>& pass, const State& state, const Sink& sink) const {
        if constexpr (requires_grad) child_.close(pass, state.child, sink.target);
    }
    Target<T> open(Pass<Device>& pass, const State& state) const { return child_.open(pass, state.child); }
    void close(Pass<Device>& pass, const State& state, Target<T> target) const { child_.close(pass, state.child, target); }
    template <class Gradient>
    void propagate(Pass<Device>& pass, const State& state, const Gradient& gradient) const {
        if constexpr (detail::is_linear<Gradient>) {
            child_.propagate(pass, state.child, gradient);
        } else {
            const auto target = open_all(pass, state);
            assign(Device{}, target, gradient, shape_.extents());
            close(pass, state, target);
        }
    }

private:
    Target<T> open_all(Pass<Device>& pass, const State& state) const {
        Target<T> target = open(pass, state);
        if (!target) target.data = pass.arena().template allocate<T>(shape_.size());  // frozen: dropped
        return target;
    }
    E child_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
};

/// The view of x that a shape rule gives, called with x's extents and what else it wants to know.
template <class Rule, class X, class... More>
constexpr auto reshape_by(X&& x, const More&... more) {
    using E = operand_t<X>;
    using Problem = first_invalid_t<E>;
    if constexpr (!std::is_void_v<Problem>) {
        return Problem{};
    } else if constexpr (!Rule::accepts(shape_t<E>::static_extents, More::static_extents...)) {
        return reject<Mismatch<Rule, typename detail::expectation<Rule>::type, Got<shape_t<E>>>, is_meta<E>>();
    } else {
        if (!Rule::accepts(shape_value(x).extents(), more.extents()...))
            fail(Rule::name, "an array with as many elements", to_text(shape_value(x).extents()));
        const auto shape = apply_rule<Rule>(shape_value(x), more...);
        using S = std::remove_cvref_t<decltype(shape)>;
        if constexpr (is_meta<E>)
            return detail::meta_result<value_t<E>, detail::ViewCharge, E>(shape, detail::ledger_of(x));
        else if constexpr (is_recorded<E>)
            return device_t<E>::template record<value_t<E>>(Rule{}, shape, operand(std::forward<X>(x)));
        else
            return Reshape<E, S>(operand(std::forward<X>(x)), shape);
    }
}

/// To given extents, of which one may be -1: the one that makes the number of elements right.
template <index_t... D>
struct ReshapeRule {
    static constexpr std::string_view name = "reshape";
    static constexpr std::size_t rank = sizeof...(D);
    using expects = Expects<Shape<D...>>;
    static constexpr index_t known = ((D == -1 ? 1 : D) * ... * 1);
    static constexpr bool deduces = ((D == -1 ? 1 : 0) + ... + 0) == 1;
    static_assert(((D == -1 ? 1 : 0) + ... + 0) <= 1, "reshape: only one extent can be deduced");

    static constexpr bool accepts(const auto& x) {
        const index_t size = product_or_dyn(x, 0, x.size());
        return size == dyn || (deduces ? size % known == 0 : size == known);
    }
    static constexpr Dims<rank> extents(const auto& x) {
        const index_t size = product_or_dyn(x, 0, x.size());
        return {(D != -1 ? D : size == dyn ? dyn : size / known)...};
    }
};

/// To the extents of a shape.
template <AnyShape To>
struct ReshapeToRule {
    static constexpr std::string_view name = "reshape";
    using expects = Expects<To>;
    static constexpr bool accepts(const auto& x, const auto& to) {
        return fits(product_or_dyn(to, 0, to.size()), product_or_dyn(x, 0, x.size()));
    }
    static constexpr auto extents(const auto&, const auto& to) { return to; }
};

/// Dimensions First to Last as one.
template <index_t First, index_t Last>
struct FlattenRule {
    static constexpr std::string_view name = "flatten";
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return normalize_dim(First, R) <= normalize_dim(Last, R) && normalize_dim(Last, R) < R; }
    template <std::size_t R>
    static constexpr auto extents(const Dims<R>& x) {
        constexpr std::size_t first = normalize_dim(First, R), last = normalize_dim(Last, R);
        Dims<R - (last - first)> result{};
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = i < first ? x[i] : i == first ? product_or_dyn(x, first, last + 1) : x[i + (last - first)];
        return result;
    }
};

/// Dimension Dim as several, Parts; one of them may be dyn and is deduced.
template <index_t Dim, AnyShape Parts>
struct UnflattenRule {
    static constexpr std::string_view name = "unflatten";
    static_assert(Parts::dynamic_rank <= 1, "unflatten: only one extent can be deduced");
    using expects = Expects<Parts>;
    static constexpr index_t known = [] {
        index_t result = 1;
        for (index_t extent : Parts::static_extents) result *= extent == dyn ? 1 : extent;
        return result;
    }();

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if (normalize_dim(Dim, R) >= R) return false;
        const index_t extent = x[normalize_dim(Dim, R)];
        return extent == dyn || (Parts::is_static ? extent == known : known != 0 && extent % known == 0);
    }
    template <std::size_t R>
    static constexpr auto extents(const Dims<R>& x) {
        constexpr std::size_t dim = normalize_dim(Dim, R);
        Dims<R - 1 + Parts::rank> result{};
        for (std::size_t i = 0; i < result.size(); ++i) {
            if (i < dim) {
                result[i] = x[i];
            } else if (i < dim + Parts::rank) {
                const index_t part = Parts::static_extents[i - dim];
                result[i] = part != dyn ? part : map_extent(x[dim], [](index_t n) { return n / known; });
            } else {
                result[i] = x[i + 1 - Parts::rank];
            }
        }
        return result;
    }
};

namespace functional {

/// The elements of x, in row-major order, under the shape D…; one extent may be -1 and is deduced.
template <index_t... D, Operand X>
constexpr auto reshape(X&& x) { return reshape_by<ReshapeRule<D...>>(std::forward<X>(x)); }

}  // namespace functional
}  // namespace xnn
