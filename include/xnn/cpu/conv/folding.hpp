// The gradient with respect to x as a product of weights and gy whose result, a matrix of patches, is summed up in the image.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/unfold.hpp"
#include "xnn/cpu/gemm.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct PatchGradient;  // names scratch memory
struct LanesOfTaps;    // names scratch memory

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

#if defined(__AVX512F__)
/// fold() with a stride of 1 along the width. What is added to a row of the image is summed in registers: stores that overlap
/// the loads that follow them would have to be waited for.
inline void fold_rows(const ConvGeometry& g, index_t channels, OutputRows rows, const float* matrix, float* image) {
    constexpr index_t width = simd::width<float>;
    const Dims<3> output = g.output();
    const index_t columns = (rows.end - rows.begin) * output[2], registers = divide_up(g.input[2], width);
    // The first column of y that a register of the image takes from a weight, and the lanes that there are.
    const auto shift = [&](index_t r, index_t tap) { return r * width + g.pad_before[2] - tap * g.dilation[2]; };
    auto* inside = scratch<LanesOfTaps, __mmask16>(registers * g.kernel[2]);
    for (index_t r = 0; r < registers; ++r)
        for (index_t tap = 0; tap < g.kernel[2]; ++tap) {
            const auto below = [=](index_t lanes) { return (1U << std::clamp<index_t>(lanes, 0, width)) - 1U; };
            inside[r * g.kernel[2] + tap] = static_cast<__mmask16>(below(output[2] - shift(r, tap)) & ~below(-shift(r, tap)));
        }
    // The place in y along a dimension that a weight connects with a place in the image, or -1.
    const auto place_in_y = [&](std::size_t d, index_t place, index_t tap) {
        const index_t distance = place + g.pad_before[d] - tap * g.dilation[d];
        if (distance < 0 || (g.stride[d] > 1 && distance % g.stride[d] != 0)) return index_t{-1};
        const index_t at = g.stride[d] > 1 ? distance / g.stride[d] : distance;
        return at < output[d] ? at : index_t{-1};
    };
    const bool flat = output[0] == 1;  // rows of y are those of one plane
    const index_t top = flat ? std::max<index_t>(rows.begin * g.stride[1] - g.pad_before[1], 0) : 0;
    const index_t reach = (rows.end - 1) * g.stride[1] + (g.kernel[1] - 1) * g.dilation[1] - g.pad_before[1];
    const index_t bottom = flat ? std::min(reach + 1, g.input[1]) : g.input[1];
    for (index_t c = 0; c < channels; ++c, matrix += g.kernel_size() * columns)
        for (index_t z = 0; z < g.input[0]; ++z)
            for (index_t y = top; y < bottom; ++y)
                for (index_t r = 0; r < registers; ++r) {
                    float* to = image + ((c * g.input[0] + z) * g.input[1] + y) * g.input[2] + r * width;
                    const index_t some = std::min(width, g.input[2] - r * width);
                    __m512 sum = simd::load(to, some);
                    for (index_t kz = 0; kz < g.kernel[0]; ++kz) {
                        const index_t out_z = place_in_y(0, z, kz);
                        if (out_z < 0) continue;
                        for (index_t ky = 0; ky < g.kernel[1]; ++ky) {
                            const index_t out_y = place_in_y(1, y, ky), row = out_z * output[1] + out_y;
                            if (out_y < 0 || row < rows.begin || row >= rows.end) continue;
                            const float* from = matrix + (kz * g.kernel[1] + ky) * g.kernel[2] * columns + (row - rows.begin) * output[2];
                            for (index_t tap = 0; tap < g.kernel[2]; ++tap) {
                                const __mmask16 lanes = inside[r * g.kernel[2] + tap];
                                sum = _mm512_mask_add_ps(sum, lanes, sum, _mm512_maskz_loadu_ps(lanes, from + tap * columns + shift(r, tap)));
                            }
                        }
                    }
                    simd::store(to, simd::batch<float>(sum), some);
                }
}
#endif

/// Adds the matrix of patches of some rows of y to the image.
template <class T>
void fold_patches(const ConvGeometry& g, index_t channels, OutputRows rows, const T* matrix, T* image) {
#if defined(__AVX512F__)
    if constexpr (std::same_as<T, float>)
        if (g.stride[2] == 1) return fold_rows(g, channels, rows, matrix, image);
#endif
    fold(g, channels, rows, matrix, image);
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
            fold_patches(g, in, rows, patches, to);
        });
    });
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
