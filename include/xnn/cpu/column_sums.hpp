// Sums over the rows of a matrix: what a bias needs on the way back.
#pragma once

#include <algorithm>

#include "xnn/core/device.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

namespace detail {

/// The sums of Registers registers of columns, or of one that holds n: neighbours together, for a row's memory lies there.
template <int Registers, class T, class Count>
XNN_CPU_INLINE void sum_columns(index_t rows, index_t columns, const T* x, T* out, bool accumulate, Count n) {
    using V = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    V even[Registers], odd[Registers];
    XNN_UNROLL for (int k = 0; k < Registers; ++k) {
        even[k] = accumulate ? simd::load(out + k * width, n) : V(0);
        odd[k] = V(0);
    }
    index_t i = 0;
    for (; i + 2 <= rows; i += 2)
        XNN_UNROLL for (int k = 0; k < Registers; ++k) {
            even[k] += simd::load(x + i * columns + k * width, n);
            odd[k] += simd::load(x + (i + 1) * columns + k * width, n);
        }
    if (i < rows) XNN_UNROLL for (int k = 0; k < Registers; ++k) even[k] += simd::load(x + i * columns + k * width, n);
    XNN_UNROLL for (int k = 0; k < Registers; ++k) simd::store(out + k * width, even[k] + odd[k], n);
}

}  // namespace detail

/// out[j] [+]= Σ_i x[i, j] for x [rows, columns], in compute precision and a fixed order.
template <class T>
void column_sums(Cpu, index_t rows, index_t columns, const T* x, T* out, bool accumulate) {
    constexpr index_t width = simd::width<T>;
    constexpr int together = simd::register_count / 4;
    constexpr index_t columns_per_task = 8 * width;
    parallel_chunks(columns, rows * columns < 65536 ? columns : columns_per_task, [=](index_t begin, index_t end) {
        index_t j = begin;
        for (; j + together * width <= end; j += together * width)
            detail::sum_columns<together>(rows, columns, x + j, out + j, accumulate, simd::Whole{});
        for (; j < end; j += width) detail::sum_columns<1>(rows, columns, x + j, out + j, accumulate, std::min(width, end - j));
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
