// Convolutions in which each output channel sees one input channel: no matrix product, but sums of shifted rows.
#pragma once

#include <algorithm>
#include <cstring>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct DepthwisePlane;  // names scratch memory
struct DepthwiseTaps;   // names scratch memory
struct DepthwiseSums;   // names scratch memory

/// Output registers along a row that are computed at once.
inline constexpr int depthwise_registers = 4;

/// A channel with zeros around it. Where its rows will be read with a stride, columns a stride apart lie side by side:
/// column x stands in part x % stride of its row, at x / stride. So every shift of a row is contiguous.
template <class T>
class PaddedPlane {
public:
    PaddedPlane(index_t height, index_t width, index_t column_stride)
        : height_(height), width_(width), stride_(column_stride),
          part_(divide_up(width, column_stride) + depthwise_registers * simd::width<T>),  // may be read behind a row's end
          data_(scratch<DepthwisePlane, T>(height * stride_ * part_)) {
        std::memset(data_, 0, static_cast<std::size_t>(height * stride_ * part_) * sizeof(T));
    }

    index_t row_pitch() const { return stride_ * part_; }
    index_t offset(index_t y, index_t x) const { return y * row_pitch() + x % stride_ * part_ + x / stride_; }
    const T* data() const { return data_; }

    /// Writes rows * columns numbers, the first at `first`, `step` apart in both directions. What falls outside is dropped.
    void write(const T* from, index_t rows, index_t columns, Dims<2> first, Dims<2> step) {
        const index_t begin = first[1] >= 0 ? 0 : std::min(divide_up(-first[1], step[1]), columns);
        const index_t end = first[1] >= width_ ? begin : std::clamp(divide_up(width_ - first[1], step[1]), begin, columns);
        if (begin == end) return;
        for (index_t r = 0; r < rows; ++r, from += columns) {
            const index_t y = first[0] + r * step[0];
            if (y < 0 || y >= height_) continue;
            index_t x = first[1] + begin * step[1];
            if (stride_ == 1 && step[1] == 1) {
                std::memcpy(data_ + offset(y, x), from + begin, static_cast<std::size_t>(end - begin) * sizeof(T));
            } else if (stride_ == 1) {
                T* row = data_ + offset(y, 0);
                for (index_t c = begin; c < end; ++c, x += step[1]) row[x] = from[c];
            } else {
                for (index_t c = begin; c < end; ++c, x += step[1]) data_[offset(y, x)] = from[c];
            }
        }
    }

private:
    index_t height_, width_, stride_, part_;
    T* data_;
};

/// One weight and where in the plane it is read, from the place of the output element on.
template <class T>
struct Tap {
    index_t offset;
    T weight;
};

/// How sums of shifted rows become an output channel.
template <class T>
struct DepthwiseOutput {
    index_t rows;
    index_t columns;
    index_t row_step;  // rows of the plane from one output row to the next
    T bias;
    bool accumulate;
    bool relu;
};

/// Registers * width outputs of a row: to[j] = activation([to[j] +] bias + sum over taps of weight * from[offset + j]).
template <int Registers, class T>
XNN_INLINE void correlate_piece(const T* from, const Tap<T>* taps, index_t tap_count, const DepthwiseOutput<T>& output,
                                index_t columns, T* to) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    Batch sum[Registers];
    XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[j] = Batch(output.bias);
    for (index_t t = 0; t < tap_count; ++t) {
        const Batch weight(taps[t].weight);
        const T* shifted = from + taps[t].offset;
        XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[j] = simd::fma(weight, simd::load(shifted + j * width), sum[j]);
    }
    XNN_UNROLL for (int j = 0; j < Registers; ++j) {
        const index_t some = std::clamp<index_t>(columns - j * width, 0, width);
        if (output.accumulate) sum[j] += simd::load(to + j * width, some);
        if (output.relu) sum[j] = simd::relu(sum[j]);
        if (some == width)
            simd::store(to + j * width, sum[j]);
        else if (some > 0)
            simd::store(to + j * width, sum[j], some);
    }
}

/// An output channel, row by row.
template <class T>
void correlate(const PaddedPlane<T>& plane, const Tap<T>* taps, index_t tap_count, const DepthwiseOutput<T>& output, T* to) {
    constexpr index_t width = simd::width<T>;
    for (index_t r = 0; r < output.rows; ++r, to += output.columns) {
        const T* from = plane.data() + r * output.row_step * plane.row_pitch();
        for (index_t j = 0; j < output.columns; j += depthwise_registers * width) {
            const index_t left = output.columns - j;
            if (left > 2 * width)
                correlate_piece<depthwise_registers>(from + j, taps, tap_count, output, left, to + j);
            else if (left > width)
                correlate_piece<2>(from + j, taps, tap_count, output, left, to + j);
            else
                correlate_piece<1>(from + j, taps, tap_count, output, left, to + j);
        }
    }
}

/// Input channels with one output channel or several each, in at most two dimensions.
inline bool is_depthwise(const ConvGeometry& g) {
    return g.groups > 1 && g.in_channels_of_group() == 1 && g.kernel[0] == 1 && g.input[0] == 1 && g.pad_before[0] == 0 &&
           g.pad_after[0] == 0;
}

/// The plane of one channel of x, as a forward pass reads it.
template <class T>
PaddedPlane<T> padded_input(const ConvGeometry& g, const T* x) {
    PaddedPlane<T> plane(g.input[1] + g.pad_before[1] + g.pad_after[1], g.input[2] + g.pad_before[2] + g.pad_after[2],
                         g.stride[2]);
    plane.write(x, g.input[1], g.input[2], {g.pad_before[1], g.pad_before[2]}, {1, 1});
    return plane;
}

/// The places at which the weights of a channel are read from its plane, in the order of the weights.
template <class T>
Tap<T>* make_taps(const ConvGeometry& g, const PaddedPlane<T>& plane) {
    Tap<T>* taps = scratch<DepthwiseTaps, Tap<T>>(g.kernel_size());
    for (index_t ky = 0; ky < g.kernel[1]; ++ky)
        for (index_t kx = 0; kx < g.kernel[2]; ++kx)
            taps[ky * g.kernel[2] + kx].offset = plane.offset(ky * g.dilation[1], kx * g.dilation[2]);
    return taps;
}

/// The output channels of one input channel of one image: w, bias and y begin at the first of them.
template <class T>
void depthwise_forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, bool relu) {
    const PaddedPlane<T> plane = padded_input(g, x);
    const index_t tap_count = g.kernel_size();
    Tap<T>* taps = make_taps(g, plane);
    const Dims<3> output = g.output();
    for (index_t o = 0; o < g.out_channels_of_group(); ++o) {
        for (index_t t = 0; t < tap_count; ++t) taps[t].weight = w[o * tap_count + t];
        const T start = bias != nullptr ? bias[o] : T(0);
        correlate<T>(plane, taps, tap_count, {output[1], output[2], g.stride[1], start, false, relu}, y + o * g.output_size());
    }
}

/// The gradient of one input channel of one image. With its elements a stride apart, gy is correlated with the weights in
/// reverse order.
template <class T>
void depthwise_backward_data(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    const Dims<3> output = g.output();
    const index_t tap_count = g.kernel_size();
    const Dims<2> reach{g.dilation[1] * (g.kernel[1] - 1), g.dilation[2] * (g.kernel[2] - 1)};
    for (index_t o = 0; o < g.out_channels_of_group(); ++o) {
        PaddedPlane<T> plane(g.input[1] + reach[0], g.input[2] + reach[1], 1);
        plane.write(gy + o * g.output_size(), output[1], output[2], {reach[0] - g.pad_before[1], reach[1] - g.pad_before[2]},
                    {g.stride[1], g.stride[2]});
        Tap<T>* taps = make_taps(g, plane);
        for (index_t t = 0; t < tap_count; ++t) taps[t].weight = w[(o + 1) * tap_count - 1 - t];
        correlate<T>(plane, taps, tap_count, {g.input[1], g.input[2], 1, T(0), accumulate || o > 0, false}, gx);
    }
}

/// The gradient of the weights of one input channel, over all images; x, gy and gw begin at this channel.
template <class T>
void depthwise_backward_weight(const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    const Dims<3> output = g.output();
    const index_t tap_count = g.kernel_size();
    const index_t outputs = g.out_channels_of_group();
    T* sums = scratch<DepthwiseSums, T>(outputs * tap_count * width);
    std::fill_n(sums, outputs * tap_count * width, T(0));
    for (index_t image = 0; image < g.batch; ++image, x += g.in_channels * g.input_size()) {
        const PaddedPlane<T> plane = padded_input(g, x);
        const Tap<T>* taps = make_taps(g, plane);
        const T* gradient = gy + image * g.out_channels * g.output_size();
        for (index_t o = 0; o < outputs; ++o)
            for (index_t r = 0; r < output[1]; ++r, gradient += output[2]) {
                const T* row = plane.data() + r * g.stride[1] * plane.row_pitch();
                for (index_t t = 0; t < tap_count; ++t) {
                    T* sum_place = sums + (o * tap_count + t) * width;
                    const T* shifted = row + taps[t].offset;
                    Batch sum = simd::load(sum_place);
                    index_t j = 0;
                    for (; j + width <= output[2]; j += width)
                        sum = simd::fma(simd::load(gradient + j), simd::load(shifted + j), sum);
                    if (j < output[2]) {
                        const simd::FirstLanes<T> mask(output[2] - j);
                        sum = simd::fma(simd::load(gradient + j, mask), simd::load(shifted + j, mask), sum);
                    }
                    simd::store(sum_place, sum);
                }
            }
    }
    for (index_t i = 0; i < outputs * tap_count; ++i)
        gw[i] = (accumulate ? gw[i] : T(0)) + simd::reduce_add(simd::load(sums + i * width));
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
