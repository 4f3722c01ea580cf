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

/// The dtype of arrays that meet.
template <class... T>
struct promote;
template <class T>
struct promote<T> {
    using type = T;
};
template <class A, class B, class... Rest>
struct promote<A, B, Rest...> : promote<decltype(promote_pair<A, B>()), Rest...> {};

template <class E>
inline constexpr bool is_number = false;
template <class T, class Device>
inline constexpr bool is_number<Number<T, Device>> = true;

/// A number bends to the arrays' dtype unless it is of a higher category: then the default float32 decides.
template <class Arrays, class E>
constexpr auto promote_number() {
    if constexpr (category<value_t<E>> <= category<Arrays>)
        return Arrays{};
    else if constexpr (category<value_t<E>> == 2)
        return float{};
    else
        return std::int64_t{};
}

template <class Values, class... E>
struct promote_operands;
template <class... T>
struct promote_operands<Tuple<T...>> : promote<T...> {};
template <class... T, class E, class... Rest>
struct promote_operands<Tuple<T...>, E, Rest...>
    : std::conditional_t<is_number<E>, promote_operands<Tuple<T...>, Rest...>, promote_operands<Tuple<T..., value_t<E>>, Rest...>> {};
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

template <class F, class Array, class... E>
struct promoted_with_numbers {
    using type = Array;
};
template <class F, class Array, class E, class... Rest>
struct promoted_with_numbers<F, Array, E, Rest...>
    : promoted_with_numbers<F, std::conditional_t<is_number<E>, decltype(promote_number<Array, E>()), Array>, Rest...> {};

template <class F, class... E>
struct promoted {
    using arrays = typename promote_operands<Tuple<>, E...>::type;
    using with_numbers = typename promoted_with_numbers<F, arrays, E...>::type;
    using type = std::conditional_t<wants_float<F> && !Floating<with_numbers>, float, with_numbers>;
};
template <class F, class Mask, class... E>
    requires takes_mask<F>
struct promoted<F, Mask, E...> : promoted<void, E...> {};

}  // namespace detail

/// The dtype in which a functor computes with these operands.
template <class F, class... E>
using promoted_t = typename detail::promoted<F, E...>::type;

}  // namespace xnn
