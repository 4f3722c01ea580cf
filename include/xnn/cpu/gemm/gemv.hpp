// Products with a single row: bound by reading the matrix, so that it is read once, in whole registers.
#pragma once

#include <algorithm>
#include <array>
#include <type_traits>

#include "xnn/cpu/gemm/microkernel.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

/// y[j] = max(lowest, start[j] + bias + sum over k of x[k] * b[k, j]) for j < n; b may be stored transposed.
template <class T>
struct RowProduct {
    index_t n, k;
    const T* x;
    index_t x_stride;
    const T* b;
    index_t b_pitch;
    const T* start;  // y itself where the product is added to it, or n numbers, or null
    const T* bias;   // one number
    T lowest;
    T* y;
};

/// The most registers of a row of C that a product of one row computes at once.
inline constexpr int row_registers = 4;

/// Columns from j on, as many as `Registers` registers hold or less, are one tile.
template <class T>
void row_tile(const RowProduct<T>& p, index_t j, index_t columns) {
    constexpr index_t width = simd::width<T>;
    alignas(64) static constexpr T zeros[row_registers * width] = {};
    static constexpr std::array<void (*)(const Tile<T>&), row_registers> kernels{
        microkernel<T, 1, 1>, microkernel<T, 1, 2>, microkernel<T, 1, 3>, microkernel<T, 1, 4>};
    const index_t registers = divide_up(columns, width);
    const Tile<T> tile{p.k, p.x, 0, p.x_stride, p.b + j, p.b_pitch, p.start != nullptr ? p.start + j : zeros, 0, p.y + j, 0,
                       columns - (registers - 1) * width, p.bias, 0, p.lowest};
    kernels[static_cast<std::size_t>(registers - 1)](tile);
}

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

/// Row after row of B for the columns from `begin` to before `end`: blocks of y stay in the first cache while B streams by.
template <class T>
void stream_rows(const RowProduct<T>& p, index_t begin, index_t end) {
    constexpr index_t block = 16384 / sizeof(T);
    constexpr int rows = 4;
    for (index_t j = begin; j < end; j += block) {
        const index_t columns = std::min(block, end - j);
        T* y = p.y + j;
        for (index_t i = 0; i < columns; ++i) y[i] = (p.start != nullptr ? p.start[j + i] : T(0)) + *p.bias;
        const T* x = p.x;
        const T* row = p.b + j;
        index_t left = p.k;
        for (; left >= rows; left -= rows, x += rows * p.x_stride, row += rows * p.b_pitch)
            add_scaled_rows<rows>(columns, x, p.x_stride, row, p.b_pitch, y);
        for (; left > 0; --left, x += p.x_stride, row += p.b_pitch)
            add_scaled_rows<1>(columns, x, p.x_stride, row, p.b_pitch, y);
        for (index_t i = 0; i < columns; ++i) y[i] = y[i] < p.lowest ? p.lowest : y[i];  // NaN stays
    }
}

/// With B as it is stored. Where its rows come from the first two caches, sums stay in registers and each number of B is
/// read where it lies; longer rows are worth being read from begin to end.
template <class T>
void row_times_matrix(const RowProduct<T>& p) {
    constexpr index_t width = simd::width<T>;
    constexpr index_t cached = (1 << 20) / sizeof(T);
    const index_t masked = simd::masked_loads_are_cheap ? p.n : p.n - p.n % width;
    const index_t in_registers = p.n * p.k <= cached ? masked : 0;
    for (index_t j = 0; j < in_registers; j += row_registers * width)
        row_tile(p, j, std::min<index_t>(row_registers * width, in_registers - j));
    stream_rows(p, in_registers, p.n);
}

/// y[j ...] for Rows rows of a transposed B, of which `filled` exist: a register of products for each, which are summed
/// up together.
template <int Rows, class T>
void dot_rows(const RowProduct<T>& p, index_t j, index_t filled) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int sets = Rows < 8 ? 2 : 1;
    // Behind the last row of B the last one is read again, and its sum dropped.
    const T* row[Rows];
    XNN_UNROLL for (int r = 0; r < Rows; ++r) row[r] = p.b + (j + std::min<index_t>(r, filled - 1)) * p.b_pitch;
    Batch sum[sets][Rows];
    XNN_UNROLL for (int s = 0; s < sets; ++s) XNN_UNROLL for (int r = 0; r < Rows; ++r) sum[s][r] = Batch(T(0));
    index_t i = 0;
    for (; i + sets * width <= p.k; i += sets * width) XNN_UNROLL for (int s = 0; s < sets; ++s) {
            const Batch factor = simd::load(p.x + i + s * width);
            XNN_UNROLL for (int r = 0; r < Rows; ++r) sum[s][r] = simd::fma(factor, simd::load(row[r] + i + s * width), sum[s][r]);
        }
    for (; i < p.k; i += width) {
        const simd::FirstLanes<T> mask(std::min(width, p.k - i));
        const Batch factor = simd::load(p.x + i, mask);
        XNN_UNROLL for (int r = 0; r < Rows; ++r) sum[0][r] = simd::fma(factor, simd::load(row[r] + i, mask), sum[0][r]);
    }
    XNN_UNROLL for (int s = 1; s < sets; ++s) XNN_UNROLL for (int r = 0; r < Rows; ++r) sum[0][r] += sum[s][r];

    const simd::FirstLanes<T> mask(filled);
    Batch value = simd::reduce_each(sum[0]) + Batch(*p.bias);
    if (p.start != nullptr) value += simd::load(p.start + j, mask);
    value = simd::max_or_nan(Batch(p.lowest), value);
    if (filled == width)
        simd::store(p.y + j, value);
    else
        simd::store(p.y + j, value, mask);
}

/// With B stored transposed: dot products. x is contiguous.
template <class T>
void row_times_transposed(const RowProduct<T>& p) {
    constexpr index_t width = simd::width<T>;
    constexpr index_t few = width > 8 ? width / 4 : width;
    index_t j = 0;
    for (; j + few < p.n; j += width) dot_rows<width>(p, j, std::min(width, p.n - j));
    if (j < p.n) dot_rows<few>(p, j, p.n - j);
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
