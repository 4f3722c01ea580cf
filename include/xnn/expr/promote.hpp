// Dtypes of pointwise results: PyTorch's type promotion.
// https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
#pragma once

#include "xnn/expr/pointwise.hpp"

namespace xnn {

namespace detail {

template <class T>
constexpr int category = std::same_as<T, bool> ? 0 : std::integral<T> ? 1 : 2;

template <class A, class B>
constexpr auto promote_pair() {
    if constexpr (std::same_as<A, B>)
        return A{};
    else if constexpr (category<A> != category<B>)
        return std::conditional_t<(category<A> > category<B>), A, B>{};
    else if constexpr (ReducedFloat<A> && ReducedFloat<B>)
        return float{};
    else if constexpr (std::integral<A> && sizeof(A) == sizeof(B))
        return std::int16_t{};  // uint8 with int8
    else
        return std::conditional_t<(sizeof(A) > sizeof(B)), A, B>{};
}

template <class E>
inline constexpr bool is_number = false;
template <class T, class Device>
inline constexpr bool is_number<Number<T, Device>> = true;

/// Operands decide by rank: arrays with dimensions, arrays without, numbers.
template <class E>
inline constexpr int priority = is_number<E> ? 0 : shape_t<E>::rank == 0 ? 1 : 2;

/// The dtype that a number has until it meets an array.
template <class T>
using default_dtype = std::conditional_t<category<T> == 2, float, std::conditional_t<category<T> == 1, std::int64_t, T>>;

/// The dtype of the operands of one priority, void if there is none.
template <int Priority, class T, class... E>
struct promote {
    using type = T;
};
template <int Priority, class T, class E, class... Rest>
struct promote<Priority, T, E, Rest...> {
    static constexpr auto next() {
        using V = std::conditional_t<Priority == 0, default_dtype<value_t<E>>, value_t<E>>;
        if constexpr (priority<E> != Priority)
            return std::type_identity<T>{};
        else if constexpr (std::is_void_v<T>)
            return std::type_identity<V>{};
        else
            return std::type_identity<decltype(promote_pair<T, V>())>{};
    }
    using type = typename promote<Priority, typename decltype(next())::type, Rest...>::type;
};

/// A lower priority counts only where it is of a higher category: an array of integers with 0.5 is floating, an array of
/// float with a double stays float.
template <class High, class Low>
constexpr auto combine() {
    if constexpr (std::is_void_v<Low>)
        return std::type_identity<High>{};
    else if constexpr (std::is_void_v<High>)
        return std::type_identity<Low>{};
    else
        return std::type_identity<std::conditional_t<(category<Low> > category<High>), Low, High>>{};
}
template <class High, class Low>
using combined = typename decltype(combine<High, Low>())::type;
}  // namespace detail

/// The functor's result is a truth value.
template <class F>
inline constexpr bool is_predicate = false;
template <class F>
    requires requires { F::predicate; }
inline constexpr bool is_predicate<F> = F::predicate;

/// Whether the functor's first argument is a mask that keeps its dtype bool.
template <class F>
inline constexpr bool takes_mask = false;
template <class F>
    requires requires { F::takes_mask; }
inline constexpr bool takes_mask<F> = F::takes_mask;

/// Whether integers are computed with as float32: what has no integer result.
template <class F>
inline constexpr bool wants_float = false;
template <class F>
    requires requires { F::wants_float; }
inline constexpr bool wants_float<F> = F::wants_float;

/// Changes the dtype. A truth value becomes 0 or 1.
template <class T>
struct Cast {
    static constexpr std::string_view name = "to";
    static constexpr bool differentiable = Floating<T>;

    /// Registers of one number type stay registers; between number types elements go one by one.
    template <class Lane>
    using lane_type = std::conditional_t<std::same_as<Lane, compute_t<T>> || std::same_as<Lane, detail::AnyLane>, Lane, detail::NoLane>;

    template <class V>
    XNN_INLINE auto operator()(V x) const {
        if constexpr (std::is_arithmetic_v<V>)
            return static_cast<compute_t<T>>(static_cast<T>(x));
        else if constexpr (requires { xsimd::select(x, xsimd::batch<compute_t<T>>(), xsimd::batch<compute_t<T>>()); })
            return xsimd::select(x, xsimd::batch<compute_t<T>>(compute_t<T>(1)), xsimd::batch<compute_t<T>>(compute_t<T>(0)));
        else
            return x;
    }
    template <int, class G, class V>
    XNN_INLINE auto backward(G gradient, V, G) const {
        if constexpr (std::is_arithmetic_v<V>)
            return static_cast<V>(gradient);
        else
            return gradient;
    }
};

namespace detail {

template <class F, class... E>
struct promoted {
    using all = combined<typename promote<2, void, E...>::type,
                         combined<typename promote<1, void, E...>::type, typename promote<0, void, E...>::type>>;
    using type = std::conditional_t<wants_float<F> && !Floating<all>, float, all>;
};
template <class F, class Mask, class... E>
    requires takes_mask<F>
struct promoted<F, Mask, E...> : promoted<void, E...> {};

}  // namespace detail

/// The dtype in which a functor computes with these operands.
template <class F, class... E>
using promoted_t = typename detail::promoted<F, E...>::type;

}  // namespace xnn
