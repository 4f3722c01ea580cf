// Convolutions as matrix products: the patches of an image as the columns of a matrix, and their sum back into an image.
#pragma once

#include <algorithm>
#include <cstring>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

/// Rows of y (along its width), counted through depth and height, from `begin` to before `end`.
struct OutputRows {
    index_t begin;
    index_t end;
};

/// Elements that unfold may write behind its matrix.
template <class T>
inline constexpr index_t unfold_slack = simd::width<T>;

/// to[j] = from[j], j < n; may write as far as a whole register.
template <class T>
XNN_INLINE void copy_row(const T* from, index_t n, T* to) {
    constexpr index_t width = simd::width<T>;
    index_t j = 0;
    for (; j + width <= n; j += width) simd::store(to + j, simd::load(from + j));
    if (j == n) return;
    if constexpr (simd::masked_loads_are_cheap)
        simd::store(to + j, simd::load(from + j, simd::FirstLanes<T>(n - j)));
    else
        std::memcpy(to + j, from + j, static_cast<std::size_t>(n - j) * sizeof(T));
}

/// to[j] += from[j], j < n.
template <class T>
XNN_INLINE void add_row(const T* from, index_t n, T* to) {
    constexpr index_t width = simd::width<T>;
    index_t j = 0;
    for (; j + width <= n; j += width) simd::store(to + j, simd::load(to + j) + simd::load(from + j));
    if (j == n) return;
    if constexpr (simd::masked_loads_are_cheap) {
        const simd::FirstLanes<T> mask(n - j);
        simd::store(to + j, simd::load(to + j, mask) + simd::load(from + j, mask), mask);
    } else {
        for (; j < n; ++j) to[j] += from[j];
    }
}

/// Walks over the rows of the patch matrix of one image, [channels * kernel, rows of y]: for each piece that lies along a
/// row of the image calls `inside(image offset, matrix offset, before, length, after)`, where `before` and `after` count
/// the elements that fall into the padding, and `outside(matrix offset)` where the whole piece does.
template <class Inside, class Outside>
XNN_INLINE void for_each_patch_row(const ConvGeometry& g, index_t channels, OutputRows rows, const Inside& inside,
                                   const Outside& outside) {
    const Dims<3> output = g.output();
    const index_t out_width = output[2];
    const index_t pitch = (rows.end - rows.begin) * out_width;
    index_t matrix_row = 0;
    for (index_t c = 0; c < channels; ++c)
        for (index_t kd = 0; kd < g.kernel[0]; ++kd)
            for (index_t kh = 0; kh < g.kernel[1]; ++kh)
                for (index_t kw = 0; kw < g.kernel[2]; ++kw, matrix_row += pitch) {
                    // Of x = o * stride + shift, the o with 0 <= x < width.
                    const index_t shift = kw * g.dilation[2] - g.pad_before[2];
                    const index_t stride = g.stride[2];
                    const index_t begin = shift >= 0 ? 0 : std::min(divide_up(-shift, stride), out_width);
                    const index_t fitting = shift >= g.input[2] ? 0 : divide_up(g.input[2] - shift, stride);
                    const index_t end = std::clamp(fitting, begin, out_width);
                    index_t to = matrix_row;
                    index_t depth = rows.begin / output[1];
                    index_t height = rows.begin % output[1];
                    for (index_t row = rows.begin; row < rows.end; ++row, to += out_width) {
                        const index_t z = depth * g.stride[0] + kd * g.dilation[0] - g.pad_before[0];
                        const index_t y = height * g.stride[1] + kh * g.dilation[1] - g.pad_before[1];
                        if (z >= 0 && z < g.input[0] && y >= 0 && y < g.input[1] && begin < end)
                            inside(((c * g.input[0] + z) * g.input[1] + y) * g.input[2] + begin * stride + shift, to, begin,
                                   end - begin, out_width - end);
                        else
                            outside(to);
                        if (++height == output[1]) height = 0, ++depth;
                    }
                }
}

/// The patch matrix of some rows of y: matrix[(c, q), p] = image[c, p * stride + q * dilation - pad_before], 0 in the
/// padding. It is [channels * kernel, rows * width of y], and may write unfold_slack elements behind that.
template <class T>
void unfold(const ConvGeometry& g, index_t channels, OutputRows rows, const T* image, T* matrix) {
    const index_t out_width = g.output()[2];
    const index_t stride = g.stride[2];
    for_each_patch_row(
        g, channels, rows,
        [=](index_t from, index_t to, index_t before, index_t length, index_t after) {
            // In this order: copy_row may write over what comes behind it.
            for (index_t j = 0; j < before; ++j) matrix[to + j] = T(0);
            to += before;
            if (stride == 1)
                copy_row(image + from, length, matrix + to);
            else
                for (index_t j = 0; j < length; ++j) matrix[to + j] = image[from + j * stride];
            to += length;
            for (index_t j = 0; j < after; ++j) matrix[to + j] = T(0);
        },
        [=](index_t to) { std::memset(matrix + to, 0, static_cast<std::size_t>(out_width) * sizeof(T)); });
}

/// The adjoint of unfold: adds each element of the matrix to the element of the image that unfold takes it from.
template <class T>
void fold(const ConvGeometry& g, index_t channels, OutputRows rows, const T* matrix, T* image) {
    const index_t stride = g.stride[2];
    for_each_patch_row(
        g, channels, rows,
        [=](index_t to, index_t from, index_t before, index_t length, index_t) {
            from += before;
            if (stride == 1)
                add_row(matrix + from, length, image + to);
            else
                for (index_t j = 0; j < length; ++j) image[to + j * stride] += matrix[from + j];
        },
        [](index_t) {});
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
