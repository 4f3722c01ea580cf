// What reductions are made of: many elements become one, by registers.
#pragma once

#include "xnn/cpu/math/basic.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace reduce_detail {

/// The elements of a row that are reduced at once: they stay in the cache, and errors of rounding stay small, because what
/// comes of them is added in a wider type.
inline constexpr index_t block_size = 1024;
/// The rows and columns that are reduced at once where columns stay.
inline constexpr index_t tile_rows = 32;
inline constexpr index_t tile_columns = 128;

/// The type in which the results of blocks are joined.
template <class T>
using wide_t = std::conditional_t<Floating<T>, double, std::int64_t>;

// A Fold says how one element x joins an accumulator: start, add(accumulator, x) and join(accumulator, accumulator), for
// registers and for numbers.

template <class B>
struct Sum {
    static constexpr B start = 0;
    template <class V>
    XNN_INLINE V add(V sum, V x) const { return sum + x; }
    template <class V>
    XNN_INLINE V join(V a, V b) const { return a + b; }
};
/// Sums what a function makes of each element.
template <class B, class F>
struct SumOf {
    static constexpr B start = 0;
    XNN_NO_UNIQUE_ADDRESS F f;
    template <class V>
    XNN_INLINE V add(V sum, V x) const { return sum + f(x); }
    template <class V>
    XNN_INLINE V join(V a, V b) const { return a + b; }
};
template <class B>
struct Larger {
    static constexpr B start = std::numeric_limits<B>::has_infinity ? -std::numeric_limits<B>::infinity() : std::numeric_limits<B>::lowest();
    template <class V>
    XNN_INLINE V add(V a, V x) const { return math::max(a, x); }
    template <class V>
    XNN_INLINE V join(V a, V b) const { return math::max(a, b); }
};
template <class B>
struct Smaller {
    static constexpr B start = std::numeric_limits<B>::has_infinity ? std::numeric_limits<B>::infinity() : std::numeric_limits<B>::max();
    template <class V>
    XNN_INLINE V add(V a, V x) const { return math::min(a, x); }
    template <class V>
    XNN_INLINE V join(V a, V b) const { return math::min(a, b); }
};

/// A number in every lane; a number itself where registers are numbers.
template <class V, class B>
XNN_INLINE V lanes_of(B number) { return V(number); }

/// The elements p[0, n) folded into one number of the type A.
template <class A, class B, class F>
A fold_numbers(const F& f, const B* p, index_t n) {
    A acc = f.start;
    for (index_t i = 0; i < n; ++i) acc = f.add(acc, static_cast<A>(p[i]));
    return acc;
}

/// The same by registers. Four chains of operations hide their latency.
template <std::floating_point B, class F>
B fold(const F& f, const B* p, index_t n) {
#ifdef __CUDACC__  // takes no registers in functions of host and device, as Folds are
    return fold_numbers<B>(f, p, n);
#else
    using V = simd::batch<B>;
    constexpr index_t w = simd::width<B>;
    V acc[4] = {V(f.start), V(f.start), V(f.start), V(f.start)};
    index_t i = 0;
    for (; i + 4 * w <= n; i += 4 * w)
        XNN_UNROLL for (index_t k = 0; k < 4; ++k) acc[k] = f.add(acc[k], simd::load(p + i + k * w));
    for (; i + w <= n; i += w) acc[0] = f.add(acc[0], simd::load(p + i));
    if (i < n) {
        const auto counts = simd::lanes<B>() < V(static_cast<B>(n - i));
        acc[1] = simd::select(counts, f.add(acc[1], simd::load(p + i, n - i)), acc[1]);
    }
    return simd::detail::fold(f.join(f.join(acc[0], acc[1]), f.join(acc[2], acc[3])), [&](B a, B b) { return f.join(a, b); });
#endif
}

/// Folds each column of a tile into one: gives(j, accumulator) for j in [0, n).
template <std::floating_point B, class F, class Gives>
XNN_CPU_INLINE void fold_columns(const F& f, const B* const* rows, index_t count, index_t n, Gives&& gives) {
#ifdef __CUDACC__
    for (index_t j = 0; j < n; ++j) {
        B acc = f.start;
        for (index_t r = 0; r < count; ++r) acc = f.add(acc, rows[r][j]);
        gives(j, acc);
    }
#else
    using V = simd::batch<B>;
    constexpr index_t w = simd::width<B>;
    for (index_t j = 0; j < n; j += w) {
        const index_t some = n - j < w ? n - j : w;
        V acc[2] = {V(f.start), V(f.start)};
        index_t r = 0;
        for (; r + 2 <= count; r += 2)
            XNN_UNROLL for (index_t k = 0; k < 2; ++k)
                acc[k] = f.add(acc[k], some == w ? simd::load(rows[r + k] + j) : simd::load(rows[r + k] + j, some));
        if (r < count) acc[0] = f.add(acc[0], some == w ? simd::load(rows[r] + j) : simd::load(rows[r] + j, some));
        alignas(64) B lanes[w];
        f.join(acc[0], acc[1]).store_aligned(lanes);
        for (index_t i = 0; i < some; ++i) gives(j + i, lanes[i]);
    }
#endif
}

/// A reducer's columns, one element after the other.
template <class Reducer, class B>
void columns_one_by_one(const Reducer& reducer, const B* const* rows, index_t count, index_t n, index_t position,
                        typename Reducer::Total* totals) {
    for (index_t r = 0; r < count; ++r)
        for (index_t j = 0; j < n; ++j) totals[j] = reducer.join(totals[j], reducer.block(rows[r] + j, 1, position + r));
}

}  // namespace reduce_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
