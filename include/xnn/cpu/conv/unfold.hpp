// Convolutions as matrix products: the patches of an image as the columns of a matrix, and their sum back into an
// image.
#pragma once

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/conv/planes.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

/// Rows of y (along its width), counted through depth and height, from `begin` to before `end`.
struct OutputRows {
    index_t begin;
    index_t end;
};

/// A block of the patch matrix that one weight makes: rows of y within the image, and what lies in the padding beside
/// them.
struct PatchBlock {
    index_t image;   // offset of the first element in the image
    index_t matrix;  // offset of the block in the matrix, whose rows follow each other without gaps
    index_t rows;
    index_t before;  // columns in the padding, then in the image, then in the padding
    index_t inside;
    index_t after;
};

/// Walks over the patch matrix of one image, [channels * kernel, rows of y], in the order in which it is stored: calls
/// inside(block) for what lies within the image and outside(offset, length) for rows of y in the padding above and
/// below.
template <class Inside, class Outside>
void for_each_patch_block(const ConvGeometry& g, index_t channels, OutputRows rows, const Inside& inside,
                          const Outside& outside) {
    const Dims<3> output = g.output();
    const index_t width = output[2];
    const auto shift = [&](std::size_t d, index_t tap) { return tap * g.dilation[d] - g.pad_before[d]; };
    const index_t first_depth = rows.begin / output[1];
    index_t to = 0;
    for (index_t c = 0; c < channels; ++c)
        for (index_t kd = 0; kd < g.kernel[0]; ++kd)
            for (index_t kh = 0; kh < g.kernel[1]; ++kh) {
                const Fitting y = fitting(shift(1, kh), g.stride[1], g.input[1], output[1]);
                for (index_t kw = 0; kw < g.kernel[2]; ++kw) {
                    const Fitting x = fitting(shift(2, kw), g.stride[2], g.input[2], width);
                    index_t depth = first_depth;
                    for (index_t row = rows.begin; row < rows.end; ++depth) {
                        // The rows of one depth, of which those from `top` to before `bottom` lie within the image.
                        const index_t first = row - depth * output[1];
                        const index_t last = std::min(output[1], rows.end - depth * output[1]);
                        const index_t z = depth * g.stride[0] + shift(0, kd);
                        const bool empty = z < 0 || z >= g.input[0] || x.begin == x.end;
                        const index_t top = empty ? last : std::clamp(y.begin, first, last);
                        const index_t bottom = empty ? last : std::clamp(y.end, top, last);
                        if (top > first) outside(to, (top - first) * width);
                        to += (top - first) * width;
                        if (bottom > top) {
                            const index_t image_row =
                                (c * g.input[0] + z) * g.input[1] + top * g.stride[1] + shift(1, kh);
                            inside(PatchBlock{image_row * g.input[2] + x.begin * g.stride[2] + shift(2, kw), to,
                                              bottom - top, x.begin, x.end - x.begin, width - x.end});
                        }
                        to += (bottom - top) * width;
                        if (last > bottom) outside(to, (last - bottom) * width);
                        to += (last - bottom) * width;
                        row += last - first;
                    }
                }
            }
}

/// Calls piece(offset, integral_constant length) for pieces that make up n elements: registers, then ever smaller
/// powers of two. Rows of images are short, and partial registers that straddle cache lines or reload what was just
/// stored are slow.
template <class T, class Piece>
XNN_CPU_INLINE void for_each_piece(index_t n, const Piece& piece) {
    constexpr index_t width = std::max<index_t>(simd::width<T>, 4);
    index_t j = 0;
    for (; j + width <= n; j += width) piece(j, std::integral_constant<index_t, width>{});
    const index_t left = n - j;
    const auto part = [&]<index_t Length>(std::integral_constant<index_t, Length> length) {
        if ((left & Length) == 0) return;
        piece(j, length);
        j += Length;
    };
    if constexpr (width > 8) part(std::integral_constant<index_t, 8>{});
    if constexpr (width > 4) part(std::integral_constant<index_t, 4>{});
    part(std::integral_constant<index_t, 2>{});
    part(std::integral_constant<index_t, 1>{});
}

/// The patch matrix of some rows of y: matrix[(c, q), p] = image[c, p * stride + q * dilation - pad_before], 0 in the
/// padding. It is [channels * kernel, rows * width of y].
template <class T>
void unfold(const ConvGeometry& g, index_t channels, OutputRows rows, const T* image, T* matrix) {
    const index_t row_step = g.input[2] * g.stride[1];
    const index_t stride = g.stride[2];
    const auto copy = [=](const PatchBlock& block) {
        const T* from = image + block.image;
        T* to = matrix + block.matrix;
        for (index_t r = 0; r < block.rows; ++r, from += row_step) {
            for (index_t j = 0; j < block.before; ++j) *to++ = T(0);
            if (stride == 1)
                for_each_piece<T>(block.inside, [&](index_t j, auto length) {
                    std::memcpy(to + j, from + j, static_cast<std::size_t>(length()) * sizeof(T));
                });
            else
                for (index_t j = 0; j < block.inside; ++j) to[j] = from[j * stride];
            to += block.inside;
            for (index_t j = 0; j < block.after; ++j) *to++ = T(0);
        }
    };
    for_each_patch_block(g, channels, rows, copy,
                         [=](index_t to, index_t length) { std::fill_n(matrix + to, length, T(0)); });
}

/// The adjoint of unfold: adds each element of the matrix to the element of the image that unfold takes it from.
template <class T>
void fold(const ConvGeometry& g, index_t channels, OutputRows rows, const T* matrix, T* image) {
    const index_t row_step = g.input[2] * g.stride[1];
    const index_t stride = g.stride[2];
    const auto add = [=](const PatchBlock& block) {
        const T* from = matrix + block.matrix + block.before;
        T* to = image + block.image;
        for (index_t r = 0; r < block.rows; ++r, from += block.before + block.inside + block.after, to += row_step) {
            if (stride == 1)
                for_each_piece<T>(block.inside, [&](index_t j, auto length) {
                    T sum[length()];
                    for (index_t i = 0; i < length(); ++i) sum[i] = to[j + i] + from[j + i];
                    std::memcpy(to + j, sum, sizeof sum);
                });
            else
                for (index_t j = 0; j < block.inside; ++j) to[j * stride] += from[j];
        }
    };
    for_each_patch_block(g, channels, rows, add, [](index_t, index_t) {});
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
