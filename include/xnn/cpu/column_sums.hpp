// Sums over the rows of a matrix, and the gradient through an activation that a product applied: what a bias and a fused
// activation need on the way back.
#pragma once

#include <algorithm>

#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/core/workspace.hpp"
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

/// gy where y > 0, else 0: the gradient in front of a ReLU, from its output, in memory of the workspace.
template <class T>
const T* relu_gradient(Cpu, Workspace<Cpu>& workspace, index_t size, const T* gy, const T* y) {
    using V = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    T* out = workspace.allocate<T>(size);
    parallel_chunks(size, 65536, [=](index_t begin, index_t end) {
        for (index_t i = begin; i < end; i += width) {
            const index_t n = std::min(width, end - i);
            simd::store(out + i, simd::select(simd::load(y + i, n) > V(0), simd::load(gy + i, n), V(0)), n);
        }
    });
    return out;
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
