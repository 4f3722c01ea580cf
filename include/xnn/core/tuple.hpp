// A tuple that costs a compiler little: a base for each element, used for the children of expressions and their states.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "xnn/core/config.hpp"

namespace xnn {

namespace detail {
template <std::size_t I, class T>
struct TupleLeaf {
    XNN_NO_UNIQUE_ADDRESS T value;
};

template <class Indices, class... T>
struct TupleBase;
template <std::size_t... I, class... T>
struct TupleBase<std::index_sequence<I...>, T...> : TupleLeaf<I, T>... {};

template <std::size_t I, class T>
XNN_INLINE constexpr T& leaf(TupleLeaf<I, T>& leaf) { return leaf.value; }
template <std::size_t I, class T>
XNN_INLINE constexpr const T& leaf(const TupleLeaf<I, T>& leaf) { return leaf.value; }
}  // namespace detail

/// Values of different types.
template <class... T>
struct Tuple : detail::TupleBase<std::index_sequence_for<T...>, T...> {
    static constexpr std::size_t size = sizeof...(T);
    constexpr Tuple()
        requires(std::is_default_constructible_v<T> && ...)
        : detail::TupleBase<std::index_sequence_for<T...>, T...>{} {}
    XNN_INLINE constexpr explicit Tuple(T... values)
        : detail::TupleBase<std::index_sequence_for<T...>, T...>{{std::move(values)}...} {}
};
template <>
struct Tuple<> {
    static constexpr std::size_t size = 0;
};

/// The same as an aggregate, whose elements are made in place: Children<A, B>{{a()}, {b()}}.
template <class... T>
using Children = detail::TupleBase<std::index_sequence_for<T...>, T...>;

template <std::size_t I, class... T>
XNN_INLINE constexpr auto& get(Tuple<T...>& tuple) { return detail::leaf<I>(tuple); }
template <std::size_t I, class... T>
XNN_INLINE constexpr const auto& get(const Tuple<T...>& tuple) { return detail::leaf<I>(tuple); }

template <std::size_t I, std::size_t... J, class... T>
XNN_INLINE constexpr const auto& get(const detail::TupleBase<std::index_sequence<J...>, T...>& children) {
    return detail::leaf<I>(children);
}

/// Calls f(std::integral_constant<std::size_t, I>{}) for I in [0, N), in order.
template <std::size_t N, class F>
XNN_CPU_INLINE constexpr void for_each_index(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (f(std::integral_constant<std::size_t, I>{}), ...);
    }(std::make_index_sequence<N>{});
}

}  // namespace xnn
