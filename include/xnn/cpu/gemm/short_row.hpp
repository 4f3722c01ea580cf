// One row times a small matrix whose sizes the compiler knows: the layers of networks that answer faster than a call returns.
#pragma once

#include <algorithm>

#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

namespace gemm_detail {

/// Columns from j on, as many as fill Registers registers or fewer.
template <int Registers, class T, class F>
XNN_CPU_INLINE void short_row_tile(index_t n, index_t k, const T* x, const T* b, const T* bias, const F& activation, T* y) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int last = Registers - 1;
    constexpr int sets = 8 / Registers;  // as many sums as hide the latency of an fma where a cycle begins two
    const index_t rest = n - last * width;
    const auto load = [&](const T* p, int j) XNN_INLINE_LAMBDA {
        return j < last || rest == width ? simd::load(p + j * width) : simd::load(p + j * width, rest);
    };
    Batch sum[sets][Registers];
    XNN_UNROLL for (int j = 0; j < Registers; ++j) {
        sum[0][j] = bias != nullptr ? load(bias, j) : Batch(T(0));
        XNN_UNROLL for (int s = 1; s < sets; ++s) sum[s][j] = Batch(T(0));
    }
    const auto add = [&](index_t i, int s) XNN_INLINE_LAMBDA {
        const Batch element(x[i]);
        XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[s][j] = simd::fma(element, load(b + i * n, j), sum[s][j]);
    };
    const index_t whole = k - k % sets;
    for (index_t i = 0; i < whole; i += sets) XNN_UNROLL for (int s = 0; s < sets; ++s) add(i + s, s);
    for (index_t i = whole; i < k; ++i) add(i, 0);
    XNN_UNROLL for (int j = 0; j < Registers; ++j) {
        XNN_UNROLL for (int s = 1; s < sets; ++s) sum[0][j] += sum[s][j];
        const Batch value = activation(sum[0][j]);
        if (j < last || rest == width)
            simd::store(y + j * width, value);
        else
            simd::store(y + j * width, value, rest);
    }
}

/// A register holds several rows of so few columns, which are multiplied at once: K fills registers, N divides them.
template <index_t K, index_t N, class T, class F>
XNN_CPU_INLINE void narrow_matrix(const T* x, const T* b, const T* bias, const F& activation, T* y) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>, sets = N < 4 ? N : 4;
    Batch sum[sets];
    XNN_UNROLL for (index_t s = 0; s < sets; ++s) sum[s] = Batch(T(0));
    for (index_t i = 0; i < K; i += width) {
        const Batch elements = simd::load(x + i);
        XNN_UNROLL for (index_t j = 0; j < N; ++j)
            sum[j % sets] = simd::fma(simd::repeat<N>(elements, j), simd::load(b + i * N + j * width), sum[j % sets]);
    }
    XNN_UNROLL for (index_t s = 1; s < sets; ++s) sum[0] += sum[s];
    Batch total = simd::fold_to<N>(sum[0]);
    if (bias != nullptr) total += simd::load(bias, N);
    simd::store(y, activation(total), N);
}
template <class T, index_t K, index_t N>
inline constexpr bool is_narrow_matrix = simd::repeats_are_cheap && N < simd::width<T> && simd::width<T> % N == 0 && K % simd::width<T> == 0;

}  // namespace gemm_detail

/// Whether short_row_times_matrix() is for a matrix of K x N: one whose row is a tile, and that stays in the first cache.
template <class T, index_t K, index_t N>
inline constexpr bool is_short_row =
    std::same_as<T, compute_t<T>> && simd::vectorized<T> && N <= 4 * simd::width<T> && K * N * index_t{sizeof(T)} <= index_t{32} << 10 &&
    (simd::masked_loads_are_cheap || N % simd::width<T> == 0);

/// y[j] = activation(bias[j] + sum over k < K of x[k] b[k, j]) for j < N; bias may be null.
template <index_t K, index_t N, class T, class F>
XNN_CPU_INLINE void short_row_times_matrix(const T* x, const T* b, const T* bias, const F& activation, T* y) {
    if constexpr (gemm_detail::is_narrow_matrix<T, K, N>)
        gemm_detail::narrow_matrix<K, N>(x, b, bias, activation, y);
    else
        gemm_detail::short_row_tile<static_cast<int>(divide_up(N, simd::width<T>))>(N, K, x, b, bias, activation, y);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
