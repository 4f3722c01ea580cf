// The gradient with respect to x as a product of weights and gy whose result, a matrix of patches, is summed up in the image.
#pragma once

#include <algorithm>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/unfold.hpp"
#include "xnn/cpu/gemm.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct PatchGradient;  // names scratch memory

/// Rows of y whose patch matrix stays in the second cache while it is multiplied.
inline index_t rows_at_once(const ConvGeometry& g, index_t element_size) {
    constexpr index_t cache = 600 << 10;
    const Dims<3> output = g.output();
    const index_t row_bytes = g.weights_per_output() * output[2] * element_size;
    return gemm_detail::even_part(output[0] * output[1], std::max<index_t>(cache / row_bytes, 1));
}

/// Calls task(rows, first output, outputs) for pieces of y whose patch matrix is of reasonable size.
template <class Task>
void for_row_blocks(const ConvGeometry& g, index_t element_size, const Task& task) {
    const Dims<3> output = g.output();
    const index_t rows = output[0] * output[1];
    const index_t step = rows_at_once(g, element_size);
    for (index_t row = 0; row < rows; row += step) {
        const OutputRows block{row, std::min(row + step, rows)};
        task(block, block.begin * output[2], (block.end - block.begin) * output[2]);
    }
}

/// gx [+]= fold(w^T gy).
template <class T>
void backward_data_by_folding(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    const index_t in = g.in_channels_of_group(), out = g.out_channels_of_group(), size = g.output_size(), depth = g.weights_per_output();
    for_tasks(g.batch * g.groups, g.operations(), [&](index_t i) {  // counted through images and groups
        T* to = gx + i * in * g.input_size();
        if (!accumulate) std::fill_n(to, in * g.input_size(), T(0));
        T* patches = scratch<PatchGradient, T>(depth * rows_at_once(g, sizeof(T)) * g.output()[2]);
        for_row_blocks(g, sizeof(T), [&](OutputRows rows, index_t first, index_t columns) {
            gemm(Cpu{}, Transpose::yes, Transpose::no, depth, columns, out, w + i % g.groups * out * depth, depth, gy + i * out * size + first, size, patches,
                 columns);
            fold(g, in, rows, patches, to);
        });
    });
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
