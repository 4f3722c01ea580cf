// Convolutions as products of weights and the patch matrix of an image, for one group of one image.
#pragma once

#include <algorithm>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/unfold.hpp"
#include "xnn/cpu/gemm.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct PatchMatrix;  // names scratch memory

/// An image is its own patch matrix.
inline bool is_pointwise(const ConvGeometry& g) {
    return g.kernel_size() == 1 && product(g.stride) == 1 && g.input == g.output() && g.pad_before == Dims<3>{0, 0, 0};
}

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

template <class T>
T* patch_matrix(const ConvGeometry& g) {
    const index_t columns = rows_at_once(g, sizeof(T)) * g.output()[2];
    return scratch<PatchMatrix, T>(g.weights_per_output() * columns);
}

/// One group of one image: y = activation(w patches + bias).
template <class T>
void forward_group(const ConvGeometry& g, const T* x, const T* w, T* y, const GemmEpilogue<T>& epilogue) {
    const index_t size = g.output_size();
    const index_t depth = g.weights_per_output();
    const auto multiply = [&](const T* patches, index_t first, index_t columns) {
        gemm(Cpu{}, Transpose::no, Transpose::no, g.out_channels_of_group(), columns, depth, w, depth, patches, columns,
             y + first, size, epilogue);
    };
    if (is_pointwise(g)) {
        multiply(x, 0, size);
        return;
    }
    T* patches = patch_matrix<T>(g);
    for_row_blocks(g, sizeof(T), [&](OutputRows rows, index_t first, index_t columns) {
        unfold(g, g.in_channels_of_group(), rows, x, patches);
        multiply(patches, first, columns);
    });
}

/// One group of one image: gx [+]= fold(w^T gy).
template <class T>
void backward_data_group(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    const index_t size = g.output_size();
    const index_t depth = g.weights_per_output();
    const auto multiply = [&](index_t first, index_t columns, T* patches, bool add) {
        gemm(Cpu{}, Transpose::yes, Transpose::no, depth, columns, g.out_channels_of_group(), w, depth, gy + first,
             size, patches, columns, {.accumulate = add});
    };
    if (is_pointwise(g)) {
        multiply(0, size, gx, accumulate);
        return;
    }
    if (!accumulate) std::fill_n(gx, g.in_channels_of_group() * g.input_size(), T(0));
    T* patches = patch_matrix<T>(g);
    for_row_blocks(g, sizeof(T), [&](OutputRows rows, index_t first, index_t columns) {
        multiply(first, columns, patches, false);
        fold(g, g.in_channels_of_group(), rows, patches, gx);
    });
}

/// One group of one image: gw [+]= gy patches^T.
template <class T>
void backward_weight_group(const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    const index_t size = g.output_size();
    const index_t depth = g.weights_per_output();
    const auto multiply = [&](const T* patches, index_t first, index_t columns, bool add) {
        gemm(Cpu{}, Transpose::no, Transpose::yes, g.out_channels_of_group(), depth, columns, gy + first, size, patches,
             columns, gw, depth, {.accumulate = add});
    };
    if (is_pointwise(g)) {
        multiply(x, 0, size, accumulate);
        return;
    }
    T* patches = patch_matrix<T>(g);
    for_row_blocks(g, sizeof(T), [&](OutputRows rows, index_t first, index_t columns) {
        unfold(g, g.in_channels_of_group(), rows, x, patches);
        multiply(patches, first, columns, accumulate || first > 0);
    });
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
