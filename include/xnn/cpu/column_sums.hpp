// Sums over the rows of a matrix: what a bias needs on the way back.
#pragma once

#include <algorithm>

#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// out[j] [+]= Σ_i x[i, j] for x [rows, columns], in compute precision and a fixed order.
template <class T>
void column_sums(Cpu, index_t rows, index_t columns, const T* x, T* out, bool accumulate) {
    using V = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr index_t columns_per_task = 8 * width;
    parallel_chunks(columns, rows * columns < 65536 ? columns : columns_per_task, [=](index_t begin, index_t end) {
        for (index_t j = begin; j < end; j += width) {
            const index_t n = std::min(width, end - j);
            V sum[2] = {accumulate ? simd::load(out + j, n) : V(0), V(0)};
            index_t i = 0;
            for (; i + 2 <= rows; i += 2) {
                sum[0] += simd::load(x + i * columns + j, n);
                sum[1] += simd::load(x + (i + 1) * columns + j, n);
            }
            if (i < rows) sum[0] += simd::load(x + i * columns + j, n);
            simd::store(out + j, sum[0] + sum[1], n);
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
