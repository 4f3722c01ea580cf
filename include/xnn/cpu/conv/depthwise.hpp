// Convolutions in which each output channel sees one input channel: no matrix product, but sums of shifted rows.
#pragma once

#include <algorithm>
#include <type_traits>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/unfold.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct DepthwisePlane;  // names scratch memory
struct DepthwiseTaps;   // names scratch memory
struct DepthwiseSums;   // names scratch memory

/// A channel with zeros around it. Where its rows will be read with a stride, columns a stride apart lie side by side:
/// column x stands in part x % stride of its row, at x / stride. So every shift of a row is contiguous.
template <class T>
class PaddedPlane {
public:
    PaddedPlane(index_t height, index_t width, index_t column_stride)
        : height_(height), width_(width), stride_(column_stride), part_(divide_up(width, column_stride)) {
        const index_t size =
            height * row_pitch() + simd::width<T>;  // registers are read whole behind the last row's end
        data_ = scratch<DepthwisePlane, T>(size);
        std::fill_n(data_, size, T(0));
    }

    index_t row_pitch() const { return stride_ * part_; }
    index_t offset(index_t y, index_t x) const { return y * row_pitch() + x % stride_ * part_ + x / stride_; }
    const T* data() const { return data_; }

    /// Writes rows * columns numbers, the first at `first`, `step` apart in both directions; 1 apart along a row if it
    /// is kept in parts. What falls outside is dropped.
    void write(const T* from, index_t rows, index_t columns, Dims<2> first, Dims<2> step) {
        const Fitting fit = fitting(first[1], step[1], width_, columns);
        if (fit.begin == fit.end) return;
        const Fitting fit_rows = fitting(first[0], step[0], height_, rows);
        const index_t x = first[1] + fit.begin * step[1];
        const index_t parts = std::min(stride_, fit.end - fit.begin);
        for (index_t p = 0; p < parts; ++p) {
            const index_t place = offset(0, x + p);
            for (index_t r = fit_rows.begin; r < fit_rows.end; ++r) {
                const T* source = from + r * columns;
                T* to = data_ + (first[0] + r * step[0]) * row_pitch() + place;
                if (stride_ == 1 && step[1] == 1)
                    std::copy(source + fit.begin, source + fit.end, to);
                else
                    for (index_t c = fit.begin + p; c < fit.end; c += stride_, to += step[1]) *to = source[c];
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

/// Up to a register of outputs in each of Rows rows:
///     to[j] = activation([to[j] +] bias + sum over taps of weight * from[offset + j])
template <int Rows, class T>
void correlate_rows(const T* from, index_t from_pitch, const Tap<T>* taps, index_t tap_count,
                    const DepthwiseOutput<T>& output, index_t columns, T* to) {
    using Batch = simd::batch<T>;
    Batch sum[Rows];
    XNN_UNROLL for (int r = 0; r < Rows; ++r) sum[r] = Batch(output.bias);
    for (index_t t = 0; t < tap_count; ++t) {
        const Batch weight(taps[t].weight);
        const T* shifted = from + taps[t].offset;
        XNN_UNROLL for (int r = 0; r < Rows; ++r) sum[r] =
            simd::fma(weight, simd::load(shifted + r * from_pitch), sum[r]);
    }
    const simd::FirstLanes<T> mask(columns);
    XNN_UNROLL for (int r = 0; r < Rows; ++r, to += output.columns) {
        if (output.accumulate) sum[r] += simd::load(to, mask);
        if (output.relu) sum[r] = simd::relu(sum[r]);
        if (columns == simd::width<T>)
            simd::store(to, sum[r]);
        else
            simd::store(to, sum[r], mask);
    }
}

/// An output channel, a few rows at a time: enough sums to hide the latency of fma, however narrow the image is.
template <class T>
void correlate(const PaddedPlane<T>& plane, const Tap<T>* taps, index_t tap_count, const DepthwiseOutput<T>& output,
               T* to) {
    constexpr index_t width = simd::width<T>;
    const index_t pitch = output.row_step * plane.row_pitch();
    const T* from = plane.data();
    const auto rows = [&]<int Rows>(std::integral_constant<int, Rows>) {
        for (index_t j = 0; j < output.columns; j += width)
            correlate_rows<Rows>(from + j, pitch, taps, tap_count, output, std::min(width, output.columns - j), to + j);
        from += Rows * pitch;
        to += Rows * output.columns;
    };
    index_t r = 0;
    for (; r + 4 <= output.rows; r += 4) rows(std::integral_constant<int, 4>{});
    for (; r + 2 <= output.rows; r += 2) rows(std::integral_constant<int, 2>{});
    for (; r < output.rows; ++r) rows(std::integral_constant<int, 1>{});
}

/// Input channels with one output channel or several each, in at most two dimensions.
inline bool is_depthwise(const ConvGeometry& g) {
    return g.groups > 1 && g.in_channels_of_group() == 1 && g.kernel[0] == 1 && g.input[0] == 1 &&
           g.pad_before[0] == 0 && g.pad_after[0] == 0;
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
void depthwise_forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, bool relu, bool accumulate) {
    const PaddedPlane<T> plane = padded_input(g, x);
    const index_t tap_count = g.kernel_size();
    Tap<T>* taps = make_taps(g, plane);
    const Dims<3> output = g.output();
    for (index_t o = 0; o < g.out_channels_of_group(); ++o) {
        for (index_t t = 0; t < tap_count; ++t) taps[t].weight = w[o * tap_count + t];
        const T start = bias != nullptr ? bias[o] : T(0);
        correlate<T>(plane, taps, tap_count, {output[1], output[2], g.stride[1], start, accumulate, relu},
                     y + o * g.output_size());
    }
}

/// The gradient of one input channel of one image. With its elements a stride apart, gy is correlated with the weights
/// in reverse order.
template <class T>
void depthwise_backward_data(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    const Dims<3> output = g.output();
    const index_t tap_count = g.kernel_size();
    const Dims<2> reach{g.dilation[1] * (g.kernel[1] - 1), g.dilation[2] * (g.kernel[2] - 1)};
    for (index_t o = 0; o < g.out_channels_of_group(); ++o) {
        PaddedPlane<T> plane(g.input[1] + reach[0], g.input[2] + reach[1], 1);
        plane.write(gy + o * g.output_size(), output[1], output[2],
                    {reach[0] - g.pad_before[1], reach[1] - g.pad_before[2]}, {g.stride[1], g.stride[2]});
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
