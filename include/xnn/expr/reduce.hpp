// Reductions over some or all dimensions: fused with the pointwise expression that they reduce, forward and back.
#pragma once

#include "xnn/cpu/reduce/sums.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/expr/functors/base.hpp"
#include "xnn/expr/reduce_loop.hpp"

namespace xnn {

namespace detail {

/// The gradient of an element from (x, y, aux) in a pointwise tree: its value is x, which the way back computes again.
template <class Reducer>
struct PullThrough {
    XNN_NO_UNIQUE_ADDRESS Reducer reducer;
    template <class V>
    XNN_INLINE V operator()(V x, V, V) const { return x; }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V y, V aux, V) const { return reducer.gradient(g, x, y, aux); }
};
/// The same as the value of a tree over (g, x, y, aux).
template <class Reducer>
struct GradientOf {
    XNN_NO_UNIQUE_ADDRESS Reducer reducer;
    template <class V>
    XNN_INLINE V operator()(V g, V x, V y, V aux) const { return reducer.gradient(g, x, y, aux); }
};
/// Writes a result, and what the way back wants to know of it.
template <class Reducer, class T, class C, bool LooksBack>
struct Emit {
    XNN_NO_UNIQUE_ADDRESS Reducer reducer;
    T* output;
    C* results;  // null, or the results in full precision and behind them what Reducer::aux gives
    index_t outputs;
    index_t elements;  // that became one

    XNN_INLINE void operator()(index_t i, const typename Reducer::Total& total) const {
        const auto result = reducer.result(total, elements);
        output[i] = static_cast<T>(result);
        if constexpr (LooksBack) {
            if (results) {
                results[i] = static_cast<C>(result);
                results[outputs + i] = static_cast<C>(reducer.aux(total, elements, result));
            }
        }
    }
};
struct Scale {
    double factor;
    template <class V>
    XNN_INLINE V operator()(V g) const { return g * functors::detail::constant<V>(factor); }
};

}  // namespace detail

/// The node of a Reducer (cpu/reduce/sums.hpp) on E. Kept is E's shape with 1 in place of every reduced extent.
template <class Reducer, AnyShape Kept, AnyShape S, class E>
class Reduced : public Node<Reduced<Reducer, Kept, S, E>, typename Reducer::result_type, S, device_t<E>>,
                  public StoredNode<Reduced<Reducer, Kept, S, E>> {
    using T = typename Reducer::result_type;
    using X = value_t<E>;
    using C = compute_t<X>;
    using Device = device_t<E>;
    using Map = BroadcastMap<Kept, shape_t<E>>;

public:
    static constexpr bool requires_grad = is_differentiable<Reducer> && any_requires_grad<E>;
    static constexpr bool inference = any_inference<E>;
    static constexpr bool hooked = is_hooked<E>;

private:
    static constexpr bool linear = requires(const Reducer& r) { r.factor(1); };
    static constexpr bool looks_back = requires_grad && !linear;  // keeps what the gradient is computed from
    static constexpr bool keeps_elements = looks_back && requires { Reducer::exact; };

public:
    struct State {
        typename E::State child;
        const X* elements = nullptr;
        T* output = nullptr;
        C* results = nullptr;  // the result in full precision, and behind it what Reducer::aux gives
    };

    Reduced(Reducer reducer, const S& shape, E child) : reducer_(std::move(reducer)), child_(std::move(child)), shape_(shape) {
        if constexpr (requires { reducer_.count; }) reducer_.count = static_cast<double>(count());
    }

    const S& shape() const { return shape_; }

    State forward(Arena<Device>& arena) const {
        State state{child_.forward(arena)};
        const index_t outputs = shape_.size(), elements = count();
        state.output = arena.template allocate<T>(outputs);
        if constexpr (looks_back)
            if (is_grad_enabled()) state.results = arena.template allocate<C>(2 * outputs);
        const detail::Emit<Reducer, T, C, looks_back> emit{reducer_, state.output, state.results, outputs, elements};
        const auto extents = child_.shape().extents();
        if constexpr (keeps_elements) {
            state.elements = dense(arena, child_, state.child);
            reduce<Map>(arena, reducer_, Ptr<X>(state.elements), extents, emit);
        } else {
            reduce<Map>(arena, reducer_, child_.loader(state.child), extents, emit);
        }
        return state;
    }
    Ptr<T> loader(const State& state) const { return Ptr<T>(state.output); }

    Target<T> open(Pass<Device>& pass, const State&) const { return {pass.arena().template allocate<T>(shape_.size())}; }
    void close(Pass<Device>& pass, const State& state, Target<T> target) const { differentiate(pass, state, repeated(target.data)); }
    using StoredNode<Reduced>::propagate;
    void propagate(Pass<Device>& pass, const State& state, const Ptr<T>& gradient) const { differentiate(pass, state, repeated(gradient.p)); }
    void propagate(Pass<Device>& pass, const State& state, const Constant<T>& gradient) const { differentiate(pass, state, gradient); }

private:
    /// The elements that become one.
    index_t count() const {
        const auto extents = child_.shape().extents();
        index_t result = 1;
        for (std::size_t i = 0; i < Map::rank; ++i)
            if (Map::repeats(i)) result *= extents[i];
        return result;
    }

    /// One number for each result, as an array of the child's shape.
    template <class V>
    auto repeated(const V* data) const {
        auto extents = child_.shape().extents();
        auto kept = extents;
        for (std::size_t i = 0; i < Map::rank; ++i)
            if (Map::repeats(i)) kept[i] = 1;
        if constexpr (Map::split == 0 && Map::kind == RowKind::contiguous)
            return Ptr<V>(data);
        else
            return Strided<V, Map::rank, Map::split, Map::kind>{data, extents, Map::strides(Kept(kept))};
    }

    template <class Gradient>
    void differentiate(Pass<Device>& pass, const State& state, const Gradient& gradient) const {
        if constexpr (linear) {
            if (reducer_.factor(count()) == 1)
                child_.propagate(pass, state.child, gradient);
            else
                child_.propagate(pass, state.child, map_loader(detail::Scale{reducer_.factor(count())}, gradient));
        } else {
            const auto y = repeated(static_cast<const C*>(state.results));
            const auto aux = repeated(static_cast<const C*>(state.results + shape_.size()));
            if constexpr (keeps_elements) {
                child_.propagate(pass, state.child,
                                 map_loader(detail::GradientOf<Reducer>{reducer_}, gradient, Ptr<X>(state.elements), y, aux));
            } else {
                const auto extents = child_.shape().extents();
                const auto tree = map_loader(detail::PullThrough<Reducer>{reducer_}, child_.loader(state.child), y, aux);
                using Sink = decltype(child_.sink(pass, state.child, 1));
                const index_t parts = parts_of(product(extents), Sink::sums ? summing_parts : many_parts);
                const auto sink = child_.sink(pass, state.child, parts);
                pull_back(Device{}, tree, gradient, map_sink(sink, NoSink{}, NoSink{}), extents, parts);
                child_.drain(pass, state.child, sink);
            }
        }
    }

    XNN_NO_UNIQUE_ADDRESS Reducer reducer_;
    E child_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
};

/// The shape rule of reductions over the dimensions D (all, if there are none).
template <class Reducer, bool Keep, index_t... D>
struct ReduceRule {
    static constexpr std::string_view name = Reducer::name;

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) {
        [[maybe_unused]] std::array<int, R + 1> times{};
        return ((normalize_dim(D, R) < R && ++times[std::min(normalize_dim(D, R), R)] == 1) && ...);
    }
    template <std::size_t R>
    static constexpr auto extents(const Dims<R>& x) {
        constexpr std::size_t removed = Keep ? 0 : sizeof...(D) == 0 ? R : sizeof...(D);
        Dims<R - removed> result{};
        for (std::size_t i = 0, next = 0; i < R; ++i) {
            const bool reduced = sizeof...(D) == 0 || ((normalize_dim(D, R) == i) || ...);
            if (!reduced)
                result[next++] = x[i];
            else if (Keep)
                result[next++] = 1;
        }
        return result;
    }
};

/// A reduction as a device that records it sees it.
template <class Reducer, bool Keep, index_t... D>
struct RecordedReduction {
    using Rule = ReduceRule<Reducer, Keep, D...>;
    Reducer reducer;
};

namespace detail {
/// A reduction stores its result alone, unless the way back needs the elements.
template <class Reducer>
struct ReductionCharge {
    static constexpr bool differentiable = is_differentiable<Reducer>;
    template <class T, class S, bool RequiresGrad, class E>
    static constexpr Charge of() {
        Charge charge;
        if constexpr (requires { Reducer::exact; })
            if (RequiresGrad) charge.cost += materialized<E>();
        charge.cost.forward_bytes += bytes_of<T, S>;
        constexpr bool linear = requires(const Reducer& r) { r.factor(1); };
        if constexpr (RequiresGrad && !linear) charge.cost.forward_bytes += bytes_of<compute_t<value_t<E>>, Shape<2 * S::static_size>>;
        if (RequiresGrad) charge.cost.backward_bytes += bytes_of<T, S>;
        return charge;
    }
};
}  // namespace detail

/// The reduction of x over the dimensions D (all, if there are none), which stay as extents of 1 with Keep. The options
/// initialise the Reducer.
template <template <class> class Reducer, bool Keep, index_t... D, class X, class... Options>
constexpr auto reduce_by(X&& x, Options... options) {
    using E = operand_t<X>;
    using R = Reducer<value_t<E>>;
    using Rule = ReduceRule<R, Keep, D...>;
    if constexpr (is_invalid<E>) {
        return E{};
    } else if constexpr (!Rule::accepts(shape_t<E>::static_extents)) {
        return reject<Mismatch<Rule, Expects<>, Got<shape_t<E>>>, is_meta<E>>();
    } else {
        const auto shape = apply_rule<Rule>(shape_value(x));
        using S = std::remove_cvref_t<decltype(shape)>;
        if constexpr (is_meta<E>) {
            return detail::meta_result<typename R::result_type, detail::ReductionCharge<R>, E>(shape, detail::ledger_of(x));
        } else if constexpr (is_recorded<E>) {
            return device_t<E>::template record<typename R::result_type>(RecordedReduction<R, Keep, D...>{R{options...}}, shape, operand(std::forward<X>(x)));
        } else {
            if constexpr (requires { R::needs_elements; })
                if (shape_value(x).size() == 0 && shape.size() > 0)
                    fail(R::name, "at least one element to choose from", to_text(shape_value(x).extents()));
            using Kept = ruled_shape<ReduceRule<R, true, D...>, shape_t<E>>;
            return Reduced<R, Kept, S, E>(R{options...}, shape, operand(std::forward<X>(x)));
        }
    }
}

}  // namespace xnn
