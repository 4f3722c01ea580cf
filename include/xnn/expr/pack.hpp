// Packs: a few adjacent elements, which a thread of a GPU reads, computes and writes at once.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/dtype.hpp"

namespace xnn {

/// The lane of W elements of which the first stands at a multiple of W.
template <int W>
struct Few {};

/// W values. In memory they are moved by 16 bytes where they are as many.
template <class T, int W>
struct alignas(std::min<std::size_t>(16, W * sizeof(T))) Pack {
    T v[W];
};

namespace detail {

template <class Lane>
inline constexpr bool is_few = false;
template <int W>
inline constexpr bool is_few<Few<W>> = true;

/// f of the first values of packs, of the second ones, …
template <class F, class First, int W, class... T>
XNN_INLINE auto each(const F& f, const Pack<First, W>& first, const Pack<T, W>&... rest) {
    Pack<decltype(f(first.v[0], rest.v[0]...)), W> result;
    XNN_UNROLL for (int i = 0; i < W; ++i) result.v[i] = f(first.v[i], rest.v[i]...);
    return result;
}

/// A functor's derivative by its argument I, as a functor.
template <int I, class F>
struct BackwardOf {
    const F& f;
    template <class... V>
    XNN_INLINE auto operator()(V... v) const { return f.template backward<I>(v...); }
};

}  // namespace detail

template <class T, int W>
XNN_INLINE auto read(const T* p, Few<W>) {
    const auto stored = *reinterpret_cast<const Pack<T, W>*>(p);
    Pack<compute_t<T>, W> result;
    XNN_UNROLL for (int i = 0; i < W; ++i) result.v[i] = static_cast<compute_t<T>>(stored.v[i]);
    return result;
}
template <class T, class V, int W>
XNN_INLINE void write(T* p, const Pack<V, W>& value, Few<W>) {
    Pack<T, W> stored;
    XNN_UNROLL for (int i = 0; i < W; ++i) stored.v[i] = static_cast<T>(value.v[i]);
    *reinterpret_cast<Pack<T, W>*>(p) = stored;
}
template <class C, int W>
XNN_INLINE auto splat(C number, Few<W>) {
    Pack<C, W> result;
    XNN_UNROLL for (int i = 0; i < W; ++i) result.v[i] = number;
    return result;
}

}  // namespace xnn
