// Sums over what a normalisation normalises, and the mean and variance from them.
#pragma once

#include <algorithm>

#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

/// Two sums that are formed in one pass.
template <class V>
struct TwoSums {
    V first;
    V second;
    XNN_CPU_INLINE TwoSums& operator+=(const TwoSums& other) {
        first += other.first;
        second += other.second;
        return *this;
    }
};

/// Mean and variance (biased).
template <class V>
struct Moments {
    V mean;
    V variance;
};

/// Moments from a first guess of the mean and the sums of (x - guess) and its square. The guess is close to the mean,
/// so nothing cancels, and its rounding is corrected.
template <class V, class C>
XNN_CPU_INLINE Moments<V> moments_around(V guess, TwoSums<V> deviations, C n) {
    const V shift = deviations.first / V(n);
    const V variance = deviations.second / V(n) - shift * shift;
    const V zero(C(0));
    return {guess + shift, simd::select(variance < zero, zero, variance)};
}

/// 1 / √(variance + eps)
template <class V, class C>
XNN_CPU_INLINE V reciprocal_deviation(V variance, C eps) {
    return V(C(1)) / simd::square_root(variance + V(eps));
}

/// The rows of a matrix are summed in blocks of this many: the error grows with the number of blocks and of rows in
/// one.
inline constexpr index_t rows_per_block = 64;

/// The sums of f(i) for i in [0, rows).
template <class V, class F>
XNN_CPU_INLINE TwoSums<V> sum_rows(index_t rows, F&& f) {
    TwoSums<V> total{V(0), V(0)};
    for (index_t first = 0; first < rows; first += rows_per_block) {
        TwoSums<V> block{V(0), V(0)};
        for (index_t i = first; i < std::min(rows, first + rows_per_block); ++i) block += f(i);
        total += block;
    }
    return total;
}

/// The sums of f(i, n) over the registers of [0, size), two chains of additions each.
template <class T, class F>
XNN_CPU_INLINE TwoSums<simd::batch<T>> sum_pairs(index_t size, F&& f) {
    using V = simd::batch<T>;
    constexpr index_t w = simd::width<T>;
    TwoSums<V> sums[2] = {{V(0), V(0)}, {V(0), V(0)}};
    index_t i = 0;
    for (; i + 2 * w <= size; i += 2 * w) {
        sums[0] += f(i, simd::Whole{});
        sums[1] += f(i + w, simd::Whole{});
    }
    for (; i + w <= size; i += w) sums[0] += f(i, simd::Whole{});
    if (i < size) sums[1] += f(i, size - i);
    sums[0] += sums[1];
    return sums[0];
}

}  // namespace detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
