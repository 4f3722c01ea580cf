// The extents of a convolution, as every device's kernels take them.
#pragma once

#include <algorithm>

#include "xnn/core/config.hpp"

namespace xnn {

/// A convolution over one to three dimensions, stored as three: (depth, height, width), absent ones leading and of
/// extent 1.
///
///     x [batch, in_channels, input…]   w [out_channels, in_channels / groups, kernel…]   y [batch, out_channels,
///     output…] y[b, o, p] = bias[o] + sum over c, q of w[o, c, q] * x[b, group(o) + c, p * stride + q * dilation -
///     pad_before]
///
/// A transposed convolution is the gradient with respect to x: its output is x, its input is y. Its output padding makes
/// `input` longer and is taken from pad_after, which may become negative: what no window reads gets nothing.
struct ConvGeometry {
    index_t batch = 1;
    index_t in_channels = 1;
    index_t out_channels = 1;
    index_t groups = 1;
    Dims<3> input{1, 1, 1};
    Dims<3> kernel{1, 1, 1};
    Dims<3> stride{1, 1, 1};
    Dims<3> dilation{1, 1, 1};
    Dims<3> pad_before{0, 0, 0};
    Dims<3> pad_after{0, 0, 0};

    /// The extents of y: floor((input + padding - dilation * (kernel - 1) - 1) / stride) + 1; 0 where the kernel does
    /// not fit.
    constexpr Dims<3> output() const {
        Dims<3> result{};
        for (std::size_t d = 0; d < 3; ++d) {
            const index_t room = input[d] + pad_before[d] + pad_after[d] - dilation[d] * (kernel[d] - 1) - 1;
            result[d] = room < 0 ? 0 : room / stride[d] + 1;
        }
        return result;
    }

    constexpr index_t in_channels_of_group() const { return in_channels / groups; }
    constexpr index_t out_channels_of_group() const { return out_channels / groups; }
    constexpr index_t input_size() const { return product(input); }      ///< elements of one channel of x
    constexpr index_t output_size() const { return product(output()); }  ///< elements of one channel of y
    constexpr index_t kernel_size() const { return product(kernel); }    ///< weights from one channel to one other

    /// Weights that one output channel is summed with: the length of its dot products.
    constexpr index_t weights_per_output() const { return in_channels_of_group() * kernel_size(); }

    /// Multiplications and additions of the convolution, and of each of its two gradients.
    constexpr double operations() const {
        return 2.0 * static_cast<double>(batch) * static_cast<double>(out_channels) *
               static_cast<double>(weights_per_output()) * static_cast<double>(output_size());
    }
};

/// The extents of one to three dimensions as the three of a ConvGeometry; `absent` is 1, or 0 for padding.
template <std::size_t Rank>
    requires(Rank >= 1 && Rank <= 3)
constexpr Dims<3> three_dims(const Dims<Rank>& dims, index_t absent) {
    Dims<3> result{absent, absent, absent};
    std::copy(dims.begin(), dims.end(), result.begin() + static_cast<index_t>(3 - Rank));
    return result;
}

}  // namespace xnn
