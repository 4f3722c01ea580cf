// Arrays joined along a dimension: each part is computed straight into its place.
// https://pytorch.org/docs/stable/generated/torch.cat.html
#pragma once

#include "xnn/expr/view.hpp"
#include "xnn/ops/squeeze.hpp"

namespace xnn {

/// The shape rule: all extents but that of Dim are equal.
template <index_t Dim>
struct CatRule {
    static constexpr std::string_view name = "cat";

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x) { return x; }
    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& a, const Dims<R>& b, const auto&... rest) {
        Dims<R> result{};
        for (std::size_t i = 0; i < R; ++i) {
            if (i == normalize_dim(Dim, R))
                result[i] = a[i] == dyn || b[i] == dyn ? dyn : a[i] + b[i];
            else
                result[i] = a[i] == dyn ? b[i] : a[i];
        }
        return extents(result, rest...);
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& first, const auto&... rest) {
        return normalize_dim(Dim, R) < R && (joins(first, rest) && ...);
    }

private:
    template <std::size_t A, std::size_t B>
    static constexpr bool joins(const Dims<A>& a, const Dims<B>& b) {
        if constexpr (A == B)
            for (std::size_t i = 0; i < A; ++i)
                if (i != normalize_dim(Dim, A) && !fits(a[i], b[i])) return false;
        return A == B;
    }
};

/// The node of cat; Dim counts from 0.
template <std::size_t Dim, class T, AnyShape S, class Device, class... E>
class Cat : public Node<Cat<Dim, T, S, Device, E...>, T, S, Device>, public StoredNode<Cat<Dim, T, S, Device, E...>> {
    using Indices = std::index_sequence_for<E...>;

public:
    static constexpr bool requires_grad = any_requires_grad<E...>;
    static constexpr bool inference = any_inference<E...>;
    static constexpr bool hooked = any_hooked<E...>;
    struct State {
        Tuple<typename E::State...> parts;
        const T* data;
    };

    Cat(const S& shape, E... parts) : shape_(shape), parts_{{std::move(parts)}...} {}

    const S& shape() const { return shape_; }
    State forward(Arena<Device>& arena) const { return forward(Indices{}, arena); }
    Ptr<T> loader(const State& state) const { return Ptr<T>(state.data); }

    Target<T> open(Pass<Device>& pass, const State&) const { return {pass.arena().template allocate<T>(shape_.size())}; }
    void close(Pass<Device>& pass, const State& state, Target<T> target) const { hand_back(Indices{}, pass, state, target.data); }
    using StoredNode<Cat>::propagate;
    void propagate(Pass<Device>& pass, const State& state, const Ptr<T>& gradient) const { hand_back(Indices{}, pass, state, gradient.p); }

private:
    template <std::size_t... I>
    State forward(std::index_sequence<I...>, Arena<Device>& arena) const {
        T* out = arena.template allocate<T>(shape_.size());
        State state{Tuple<typename E::State...>{get<I>(parts_).forward(arena)...}, out};
        (place_one<I>(state, out), ...);
        return state;
    }
    template <std::size_t I>
    void place_one(const State& state, T* out) const {
        const auto& part = get<I>(parts_);
        const auto extents = part.shape().extents();
        const ScatterSink<T, S::rank, Dim, RowKind::contiguous> sink{out + offset<I>(), extents, strides(), false};
        scatter(Device{}, sink, part.loader(get<I>(state.parts)), extents);
    }
    template <std::size_t... I>
    void hand_back(std::index_sequence<I...>, Pass<Device>& pass, const State& state, const T* gradient) const {
        (hand_back_one<I>(pass, state, gradient), ...);
    }
    template <std::size_t I>
    void hand_back_one(Pass<Device>& pass, const State& state, const T* gradient) const {
        const auto& part = get<I>(parts_);
        if constexpr (!std::remove_cvref_t<decltype(part)>::requires_grad)
            return;
        else if constexpr (Dim == 0)
            part.propagate(pass, get<I>(state.parts), Ptr<T>(gradient + offset<I>()));
        else
            part.propagate(pass, get<I>(state.parts),
                           Strided<T, S::rank, Dim, RowKind::contiguous>{gradient + offset<I>(), part.shape().extents(), strides()});
    }

    Dims<S::rank> strides() const { return contiguous_strides(shape_.extents()); }
    template <std::size_t I>
    index_t offset() const {
        index_t result = 0;
        for_each_index<I>([&](auto j) { result += get<j>(parts_).shape().extent(Dim); });
        return result * strides()[Dim];
    }

    XNN_NO_UNIQUE_ADDRESS S shape_;
    Children<E...> parts_;
};

namespace detail {
template <std::size_t Dim, class T, class S, class... E>
auto cat_of(const S& shape, E... parts) { return Cat<Dim, T, S, typename common_device<E...>::type, E...>(shape, std::move(parts)...); }

template <class T, class E>
auto with_dtype(E e) {
    if constexpr (std::same_as<value_t<E>, T>)
        return e;
    else
        return converted<T>(std::move(e));
}
}  // namespace detail

/// The arrays one after the other along dimension Dim.
template <index_t Dim, Array... X>
    requires(sizeof...(X) > 0)
constexpr auto cat(X&&... x) {
    using Problem = first_invalid_t<operand_t<X>...>;
    using Rule = CatRule<Dim>;
    constexpr bool meta = detail::any_meta<X...>;
    if constexpr (!std::is_void_v<Problem>) {
        return Problem{};
    } else if constexpr (!Rule::accepts(shape_t<operand_t<X>>::static_extents...)) {
        return reject<Mismatch<Rule, Expects<>, Got<shape_t<operand_t<X>>...>>, meta>();
    } else {
        using T = promoted_t<Rule, operand_t<X>...>;
        require_shapes<Rule>(Rule::name, "arrays that differ in one dimension alone", shape_value(x)...);
        const auto shape = apply_rule<Rule>(shape_value(x)...);
        using S = std::remove_cvref_t<decltype(shape)>;
        if constexpr (meta)
            return detail::meta_result<T, detail::OperationCharge<Rule>, operand_t<X>...>(shape, detail::ledger_of(x...));
        else if constexpr (any_recorded<operand_t<X>...>)
            return recorder_of_t<operand_t<X>...>::template record_promoted<T, T>(Rule{}, shape, operand(std::forward<X>(x))...);
        else
            return detail::cat_of<normalize_dim(Dim, S::rank), T>(shape, detail::with_dtype<T>(operand(std::forward<X>(x)))...);
    }
}
/// The arrays one after the other along a new dimension Dim. https://pytorch.org/docs/stable/generated/torch.stack.html
template <index_t Dim, Array... X>
    requires(sizeof...(X) > 0)
constexpr auto stack(X&&... x) { return cat<Dim>(unsqueeze<Dim>(std::forward<X>(x))...); }

}  // namespace xnn
