// Convolutions in which each output channel sees one input channel: no matrix product, but sums of shifted pixels, for as
// many channels at once as a register holds.
#pragma once

#include <algorithm>
#include <limits>

#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/depthwise_rows.hpp"
#include "xnn/cpu/conv/sums.hpp"
#include "xnn/cpu/conv/tasks.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// Input channels with one output channel or several each, in at most two dimensions.
inline bool is_depthwise(const ConvGeometry& g) {
    return g.groups > 1 && g.in_channels_of_group() == 1 && g.kernel[0] == 1 && g.input[0] == 1 && g.pad_before[0] == 0 && g.pad_after[0] == 0;
}

namespace depthwise_detail {

struct StagedInput;   // names scratch memory
struct StagedOutput;  // names scratch memory
struct Weights;       // names scratch memory
struct Taps;          // names scratch memory
struct ColumnTaps;    // names scratch memory
struct Sums;          // names scratch memory
struct PartialSums;   // names scratch memory

/// A run of input channels that a register holds and, for each of them, its output channel number `output`.
template <class T>
struct Block {
    const ConvGeometry& g;
    index_t first, count;  // input channels
    index_t output;

    static constexpr index_t lanes = simd::width<T>;
    static index_t blocks(const ConvGeometry& g) { return divide_up(g.in_channels, lanes); }

    Block(const ConvGeometry& geometry, index_t block, index_t output_of_channel)
        : g(geometry), first(block * lanes), count(std::min(lanes, g.in_channels - first)), output(output_of_channel) {}

    template <class U>
    Channels<U> inputs(U* x, index_t image) const {
        return {x + (image * g.in_channels + first) * g.input_size(), count, g.input_size()};
    }
    template <class U>
    Channels<U> outputs(U* y, index_t image) const {
        return {y + image * g.out_channels * g.output_size() + first_output() * g.output_size(), count, g.out_channels_of_group() * g.output_size()};
    }
    index_t first_output() const { return first * g.out_channels_of_group() + output; }

    /// One register for each weight of a channel.
    T* weights(const T* w) const {
        T* to = scratch<Weights, T>(g.kernel_size() * lanes);
        transpose(Cpu{}, w + first_output() * g.kernel_size(), g.out_channels_of_group() * g.kernel_size(), count, g.kernel_size(), to, lanes);
        return to;
    }
    simd::batch<T> bias(const T* bias) const {
        alignas(64) T numbers[lanes] = {};
        if (bias != nullptr)
            for (index_t i = 0; i < count; ++i) numbers[i] = bias[first_output() + i * g.out_channels_of_group()];
        return simd::load(numbers);
    }

    /// Rows of y that are computed together: what they read and write stays in the second cache.
    index_t rows_at_once() const {
        constexpr index_t cache = 256 << 10;
        const index_t row_bytes = (padded_width() * g.stride[1] + g.output()[2]) * lanes * static_cast<index_t>(sizeof(T));
        return std::max<index_t>(cache / row_bytes, 1);
    }
    index_t padded_width() const { return g.input[2] + g.pad_before[2] + std::max<index_t>(g.pad_after[2], 0); }

    /// The rows of an image that the rows [begin, end) of y read, in padding.
    Staged<T> input_rows(const T* x, index_t image, index_t begin, index_t end) const {
        const index_t pitch = padded_width() * lanes, top = begin * g.stride[1] - g.pad_before[1];
        const index_t rows = (end - begin - 1) * g.stride[1] + g.dilation[1] * (g.kernel[1] - 1) + 1;
        T* to = scratch<StagedInput, T>(rows * pitch);
        stage_rows<T>(inputs(x, image), g.input[1], g.input[2], top, top + rows, g.pad_before[2], std::max<index_t>(g.pad_after[2], 0), to);
        return {to, pitch};
    }

    /// Where the weights read such rows.
    Tap* input_taps() const {
        Tap* taps = scratch<Taps, Tap>(g.kernel_size());
        index_t t = 0;
        for (index_t y = 0; y < g.kernel[1]; ++y)
            for (index_t x = 0; x < g.kernel[2]; ++x, ++t) taps[t] = {(y * g.dilation[1] * padded_width() + x * g.dilation[2]) * lanes, t * lanes};
        return taps;
    }
};

/// y = activation([y +] x * w + bias).
template <class T>
void forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, bool relu, bool accumulate) {
    constexpr index_t lanes = simd::width<T>;
    const Dims<3> extents = g.output();
    const index_t blocks = Block<T>::blocks(g), per_channel = g.out_channels_of_group();
    conv_detail::for_tasks(g.batch * blocks * per_channel, g.operations(), [&](index_t task) {
        const index_t image = task / (blocks * per_channel);
        const Block<T> block(g, task / per_channel % blocks, task % per_channel);
        const auto to = block.outputs(y, image);
        const TapSum<T> sum{block.input_taps(), g.kernel_size(), block.weights(w),       block.bias(bias),
                            lowest_result<T>(relu), g.stride[2] * lanes, lanes, accumulate};
        const index_t step = block.rows_at_once();
        for (index_t begin = 0; begin < extents[1]; begin += step) {
            const index_t end = std::min(begin + step, extents[1]), size = (end - begin) * extents[2], first = begin * extents[2];
            const Staged<T> from = block.input_rows(x, image, begin, end);
            T* staged = scratch<StagedOutput, T>(size * lanes);
            if (accumulate) transpose(Cpu{}, to.data + first, to.pitch, to.count, size, staged, lanes);
            for (index_t r = begin; r < end; ++r) sum.row(from.row((r - begin) * g.stride[1]), staged + (r - begin) * extents[2] * lanes, extents[2]);
            transpose(Cpu{}, staged, lanes, size, to.count, to.data + first, to.pitch);
        }
    });
}

/// A quotient that is rounded down.
inline index_t divide_down(index_t a, index_t b) { return a >= 0 ? a / b : -divide_up(-a, b); }

/// gx [+]= the gradient with respect to x. A row of gx, and in it the pixels that lie a stride apart, have the same few
/// weights to reckon with.
template <class T>
void backward_data(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    constexpr index_t lanes = simd::width<T>;
    const Dims<3> extents = g.output();
    const index_t blocks = Block<T>::blocks(g), stride = g.stride[2];
    // How far the gradients of a row of gx reach over the edges of gy.
    const index_t before = std::max<index_t>(-divide_down(g.pad_before[2] - g.dilation[2] * (g.kernel[2] - 1), stride), 0);
    const index_t after = std::max<index_t>((g.input[2] - 1 + g.pad_before[2]) / stride - extents[2] + 1, 0);
    const index_t pitch = (before + extents[2] + after) * lanes;
    conv_detail::for_tasks(g.batch * blocks, g.operations(), [&](index_t task) {
        const index_t image = task / blocks;
        T* staged = scratch<StagedOutput, T>(g.input_size() * lanes);
        Tap* taps = scratch<Taps, Tap>(g.kernel_size());
        Tap* columns = scratch<ColumnTaps, Tap>(g.kernel[2]);
        const auto to = Block<T>(g, task % blocks, 0).inputs(gx, image);
        if (accumulate) transpose(Cpu{}, to.data, to.pitch, to.count, g.input_size(), staged, lanes);
        for (index_t output = 0; output < g.out_channels_of_group(); ++output) {
            const Block<T> block(g, task % blocks, output);
            const T* weights = block.weights(w);
            T* from = scratch<StagedInput, T>(extents[1] * pitch);
            stage_rows<T>(block.outputs(gy, image), extents[1], extents[2], 0, extents[1], before, after, from);
            for (index_t phase = 0; phase < std::min(stride, g.input[2]); ++phase) {
                index_t column_count = 0;
                for (index_t x = 0; x < g.kernel[2]; ++x)
                    if (const index_t column = phase + g.pad_before[2] - x * g.dilation[2]; column % stride == 0)
                        columns[column_count++] = {(column / stride + before) * lanes, x * lanes};
                for (index_t y = 0; y < g.input[1]; ++y) {
                    index_t count = 0;
                    for (index_t k = 0; k < g.kernel[1]; ++k) {
                        const index_t row = y + g.pad_before[1] - k * g.dilation[1];
                        if (row < 0 || row % g.stride[1] != 0 || row / g.stride[1] >= extents[1]) continue;
                        for (index_t i = 0; i < column_count; ++i)
                            taps[count++] = {row / g.stride[1] * pitch + columns[i].offset, k * g.kernel[2] * lanes + columns[i].weight};
                    }
                    const TapSum<T> sum{taps, count, weights, simd::batch<T>(T(0)), lowest_result<T>(false), lanes, stride * lanes, accumulate || output > 0};
                    sum.row(from, staged + (y * g.input[2] + phase) * lanes, divide_up(g.input[2] - phase, stride));
                }
            }
        }
        transpose(Cpu{}, staged, lanes, g.input_size(), to.count, to.data, to.pitch);
    });
}

/// gw [+]= the gradient with respect to the weights.
template <class T>
void backward_weight(const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    constexpr index_t lanes = simd::width<T>;
    const Dims<3> extents = g.output();
    const index_t taps_of_channel = g.kernel_size(), size = g.out_channels * taps_of_channel;
    const index_t blocks = Block<T>::blocks(g), per_channel = g.out_channels_of_group(), parts = conv_detail::weight_gradient_parts(g, sizeof(T));
    T* partial = scratch<PartialSums, T>(parts * size);
    conv_detail::for_tasks(parts * blocks * per_channel, g.operations(), [&](index_t task) {
        const index_t part = task / (blocks * per_channel);
        const Block<T> block(g, task / per_channel % blocks, task % per_channel);
        T* sums = scratch<Sums, T>(taps_of_channel * lanes);
        std::fill_n(sums, taps_of_channel * lanes, T(0));
        const Tap* taps = block.input_taps();
        const index_t step = block.rows_at_once();
        for (index_t image = g.batch * part / parts; image < g.batch * (part + 1) / parts; ++image)
            for (index_t begin = 0; begin < extents[1]; begin += step) {
                const index_t end = std::min(begin + step, extents[1]), pixels = (end - begin) * extents[2];
                const Staged<T> from = block.input_rows(x, image, begin, end);
                const auto outputs = block.outputs(gy, image);
                T* gradient = scratch<StagedOutput, T>(pixels * lanes);
                transpose(Cpu{}, outputs.data + begin * extents[2], outputs.pitch, outputs.count, pixels, gradient, lanes);
                for (index_t r = 0; r < end - begin; ++r) {
                    const T* row = from.row(r * g.stride[1]);
                    const T* gradient_row = gradient + r * extents[2] * lanes;
                    index_t t = 0;
                    for (; t + 9 <= taps_of_channel; t += 9) sum_gradients<9>(taps + t, row, g.stride[2] * lanes, gradient_row, extents[2], sums);
                    for (; t + 3 <= taps_of_channel; t += 3) sum_gradients<3>(taps + t, row, g.stride[2] * lanes, gradient_row, extents[2], sums);
                    for (; t < taps_of_channel; ++t) sum_gradients<1>(taps + t, row, g.stride[2] * lanes, gradient_row, extents[2], sums);
                }
            }
        transpose(Cpu{}, sums, lanes, taps_of_channel, block.count, partial + part * size + block.first_output() * taps_of_channel,
                  per_channel * taps_of_channel);
    });
    conv_detail::sum_parts(parts, size, partial, gw, accumulate);
}

}  // namespace depthwise_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
