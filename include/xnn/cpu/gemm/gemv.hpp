// Products with a single row: bound by reading the matrix, so that it is read once, in its own order.
#pragma once

#include <algorithm>

#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

/// y[j] += sum over r < Rows of x[r * x_stride] * b[r, j], for j < n.
template <int Rows, class T>
void add_scaled_rows(index_t n, const T* x, index_t x_stride, const T* b, index_t b_pitch, T* y) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int sets = Rows > 1 ? 2 : 1;
    Batch factor[Rows];
    XNN_UNROLL for (int r = 0; r < Rows; ++r) factor[r] = Batch(x[r * x_stride]);
    index_t j = 0;
    for (; j + width <= n; j += width) {
        Batch sum[sets];
        sum[0] = simd::load(y + j);
        if constexpr (sets > 1) sum[1] = Batch(T(0));
        XNN_UNROLL for (int r = 0; r < Rows; ++r) sum[r % sets] =
            simd::fma(factor[r], simd::load(b + r * b_pitch + j), sum[r % sets]);
        if constexpr (sets > 1) sum[0] += sum[1];
        simd::store(y + j, sum[0]);
    }
    if (j == n) return;
    const simd::FirstLanes<T> mask(n - j);
    Batch sum = simd::load(y + j, mask);
    XNN_UNROLL for (int r = 0; r < Rows; ++r) sum = simd::fma(factor[r], simd::load(b + r * b_pitch + j, mask), sum);
    simd::store(y + j, sum, mask);
}

/// y[j] += sum over k of x[k * x_stride] * b[k, j], for j < n. Blocks of y stay in the first cache while B streams by.
template <class T>
void add_vector_matrix(index_t n, index_t k, const T* x, index_t x_stride, const T* b, index_t b_pitch, T* y) {
    constexpr index_t block = 16384 / sizeof(T);
    constexpr int rows = 4;
    for (index_t j = 0; j < n; j += block) {
        const index_t columns = std::min(block, n - j);
        const T* factor = x;
        const T* row = b + j;
        index_t left = k;
        for (; left >= rows; left -= rows, factor += rows * x_stride, row += rows * b_pitch)
            add_scaled_rows<rows>(columns, factor, x_stride, row, b_pitch, y + j);
        for (; left > 0; --left, factor += x_stride, row += b_pitch) add_scaled_rows<1>(columns, factor, x_stride, row, b_pitch, y + j);
    }
}

/// y[j] += sum over i < k of x[i] * b[j, i], for j < n: four dot products at a time.
template <class T>
void add_matrix_vector(index_t n, index_t k, const T* x, const T* b, index_t b_pitch, T* y) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int rows = 4;
    for (index_t j = 0; j < n; j += rows, b += rows * b_pitch) {
        // Behind the last row of B the last one is read again, and its sum dropped.
        index_t row[rows];
        for (int r = 0; r < rows; ++r) row[r] = std::min<index_t>(r, n - 1 - j) * b_pitch;
        Batch sum[2][rows];
        XNN_UNROLL for (int r = 0; r < rows; ++r) sum[0][r] = sum[1][r] = Batch(T(0));
        index_t i = 0;
        for (; i + 2 * width <= k; i += 2 * width) XNN_UNROLL for (int s = 0; s < 2; ++s) {
                const Batch factor = simd::load(x + i + s * width);
                XNN_UNROLL for (int r = 0; r < rows; ++r) sum[s][r] =
                    simd::fma(factor, simd::load(b + row[r] + i + s * width), sum[s][r]);
            }
        for (; i < k; i += width) {
            const simd::FirstLanes<T> mask(std::min(width, k - i));
            const Batch factor = simd::load(x + i, mask);
            XNN_UNROLL for (int r = 0; r < rows; ++r) sum[0][r] =
                simd::fma(factor, simd::load(b + row[r] + i, mask), sum[0][r]);
        }
        for (int r = 0; r < rows && j + r < n; ++r) y[j + r] += simd::reduce_add(sum[0][r] + sum[1][r]);
    }
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
