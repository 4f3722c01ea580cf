// Where the windows of a pooling stand: shared by every device.
#pragma once

#include <algorithm>
#include <array>

#include "xnn/core/config.hpp"

namespace xnn::kernels {

/// The number of windows along a dimension, with PyTorch's meaning of ceil_mode: a last window may hang over the end,
/// but must begin inside the input or its left padding.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
constexpr index_t pooled_extent(index_t input, index_t kernel, index_t stride, index_t padding, index_t dilation,
                                bool ceil_mode) {
    const index_t span = input + 2 * padding - dilation * (kernel - 1) - 1;
    if (span < 0 && !ceil_mode) return 0;
    const index_t above = span + (ceil_mode ? stride - 1 : 0);
    if (above < 0) return 0;
    const index_t windows = above / stride + 1;
    return ceil_mode && (windows - 1) * stride >= input + padding ? windows - 1 : windows;
}

/// The windows of a pooling over up to three dimensions; those that are missing come first and have the defaults.
struct PoolGeometry {
    Dims<3> input{1, 1, 1};
    Dims<3> kernel{1, 1, 1};
    Dims<3> stride{1, 1, 1};
    Dims<3> padding{0, 0, 0};
    Dims<3> dilation{1, 1, 1};
    Dims<3> output{1, 1, 1};

    constexpr index_t input_size() const { return product(input); }
    constexpr index_t output_size() const { return product(output); }
    constexpr index_t window_size() const { return product(kernel); }
};

/// The geometry of a pooling over the last Rank dimensions.
template <std::size_t Rank>
constexpr PoolGeometry pool_geometry(Dims<Rank> input, Dims<Rank> kernel, Dims<Rank> stride, Dims<Rank> padding,
                                     Dims<Rank> dilation, bool ceil_mode) {
    PoolGeometry g;
    for (std::size_t i = 0, d = 3 - Rank; i < Rank; ++i, ++d) {
        g.input[d] = input[i];
        g.kernel[d] = kernel[i];
        g.stride[d] = stride[i];
        g.padding[d] = padding[i];
        g.dilation[d] = dilation[i];
        g.output[d] = pooled_extent(input[i], kernel[i], stride[i], padding[i], dilation[i], ceil_mode);
    }
    return g;
}

/// Positions [begin, end).
struct Interval {
    index_t begin;
    index_t end;
    constexpr index_t size() const { return end - begin; }
};

/// The windows of output dimension `d` whose element `k` lies inside the input.
constexpr Interval windows_with(const PoolGeometry& g, std::size_t d, index_t k) {
    const index_t shift = g.padding[d] - k * g.dilation[d];  // window o reads o * stride - shift
    const index_t first = shift > 0 ? divide_up(shift, g.stride[d]) : 0;
    const index_t beyond = g.input[d] + shift;
    const index_t last = beyond > 0 ? divide_up(beyond, g.stride[d]) : 0;
    return {std::min(first, g.output[d]), std::max(std::min(last, g.output[d]), std::min(first, g.output[d]))};
}

/// The input positions that adaptive pooling averages for output `o`: [⌊o in / out⌋, ⌈(o + 1) in / out⌉).
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
constexpr Interval adaptive_window(index_t o, index_t input, index_t output) {
    return {o * input / output, divide_up((o + 1) * input, output)};
}

}  // namespace xnn::kernels
