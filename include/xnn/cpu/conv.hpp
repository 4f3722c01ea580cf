// Convolutions on the CPU and their gradients, in one to three dimensions, with groups, strides, dilation and padding.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/depthwise.hpp"
#include "xnn/cpu/conv/unfold.hpp"
#include "xnn/cpu/gemm.hpp"
#include "xnn/cpu/widen.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct PatchMatrix;     // names scratch memory
struct PartialWeights;  // names scratch memory
struct PartialBias;     // names scratch memory

/// Work below which threads cost more than they bring.
inline constexpr double worth_threads = 4e6;

/// Calls task(i) for i < tasks, on several threads if the operations are many and each thread has a task.
template <class Task>
void for_tasks(index_t tasks, double operations, const Task& task) {
    if (operations >= worth_threads && tasks >= get_num_threads())
        parallel_for(tasks, task);
    else
        for (index_t i = 0; i < tasks; ++i) task(i);
}

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

/// sums[c] [+]= the sum of channel c, which has `size` elements in each of some images.
template <class T>
void sum_channels(index_t images, index_t channels, index_t size, const T* x, T* sums, bool accumulate) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int sets = 4;
    using C = compute_t<T>;
    for (index_t c = 0; c < channels; ++c) {
        Batch sum[sets];
        XNN_UNROLL for (int s = 0; s < sets; ++s) sum[s] = Batch(C(0));
        for (index_t image = 0; image < images; ++image) {
            const T* channel = x + (image * channels + c) * size;
            index_t j = 0;
            for (; j + sets * width <= size; j += sets * width)
                XNN_UNROLL for (int s = 0; s < sets; ++s) sum[s] += simd::load(channel + j + s * width);
            for (; j < size; j += width) sum[0] += simd::load(channel + j, std::min(width, size - j));
        }
        const C total = simd::reduce_add((sum[0] + sum[1]) + (sum[2] + sum[3]));
        sums[c] = static_cast<T>(accumulate ? static_cast<C>(sums[c]) + total : total);
    }
}

/// Parts of the batch whose weight gradients are summed on their own, then together. Their number must not depend on
/// the threads, for the order of the sums would.
inline index_t weight_gradient_parts(const ConvGeometry& g, index_t element_size) {
    constexpr index_t most_parts = 8;
    constexpr index_t memory = 8 << 20;
    const index_t bytes = g.out_channels * g.weights_per_output() * element_size;
    if (g.operations() < worth_threads) return 1;
    return std::clamp(memory / std::max<index_t>(bytes, 1), index_t{1},
                      std::min(most_parts, divide_up(g.batch, index_t{2})));
}

/// to[i] [+]= the sum of `parts` arrays of `size` elements, which lie one after the other.
template <class T>
void sum_parts(index_t parts, index_t size, const T* from, T* to, bool accumulate) {
    constexpr index_t width = simd::width<T>;
    for (index_t i = 0; i < size; i += width) {
        const index_t some = std::min(width, size - i);
        auto sum = accumulate ? simd::load(to + i, some) : simd::batch<T>(T(0));
        for (index_t part = 0; part < parts; ++part) sum += simd::load(from + part * size + i, some);
        simd::store(to + i, sum, some);
    }
}

template <class T>
void depthwise_weight_gradient(const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    for_tasks(g.in_channels, g.operations(), [&](index_t c) {
        const index_t first = c * g.out_channels_of_group();
        depthwise_backward_weight(g, x + c * g.input_size(), gy + first * g.output_size(), gw + first * g.kernel_size(),
                                  accumulate);
    });
}

template <bool Grouped, std::floating_point T>
void forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, Activation activation, bool accumulate) {
    const index_t in = g.in_channels_of_group();
    const index_t out = g.out_channels_of_group();
    const auto group = [&](index_t i) {  // counted through images and groups
        const index_t first = i % g.groups * out;
        const T* image = x + i * in * g.input_size();
        const T* weights = w + first * g.weights_per_output();
        const T* start = bias != nullptr ? bias + first : nullptr;
        T* to = y + i * out * g.output_size();
        if constexpr (Grouped)
            if (is_depthwise(g)) return depthwise_forward(g, image, weights, start, to, activation == Activation::relu, accumulate);
        forward_group(g, image, weights, to, {.accumulate = accumulate, .row_bias = start, .activation = activation});
    };
    for_tasks(g.batch * g.groups, g.operations(), group);
}

template <bool Grouped, std::floating_point T>
void backward_data(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    const index_t in = g.in_channels_of_group();
    const index_t out = g.out_channels_of_group();
    const auto group = [&](index_t i) {  // counted through images and groups
        const T* gradient = gy + i * out * g.output_size();
        const T* weights = w + i % g.groups * out * g.weights_per_output();
        T* to = gx + i * in * g.input_size();
        if constexpr (Grouped)
            if (is_depthwise(g)) return depthwise_backward_data(g, gradient, weights, to, accumulate);
        backward_data_group(g, gradient, weights, to, accumulate);
    };
    for_tasks(g.batch * g.groups, g.operations(), group);
}

template <bool Grouped, std::floating_point T>
void backward_weight(const ConvGeometry& g, const T* x, const T* gy, T* gw, T* gbias, bool accumulate) {
    if constexpr (Grouped) {
        if (is_depthwise(g)) {
            depthwise_weight_gradient(g, x, gy, gw, accumulate);
            if (gbias != nullptr) sum_channels(g.batch, g.out_channels, g.output_size(), gy, gbias, accumulate);
            return;
        }
    }
    const index_t in = g.in_channels_of_group();
    const index_t out = g.out_channels_of_group();
    const index_t weights = g.out_channels * g.weights_per_output();
    const index_t parts = weight_gradient_parts(g, sizeof(T));
    T* part_weights = parts == 1 ? gw : scratch<PartialWeights, T>(parts * weights);
    T* part_bias = parts == 1 ? gbias : scratch<PartialBias, T>(parts * g.out_channels);
    const bool add_to_part = parts == 1 && accumulate;
    for_tasks(parts, g.operations(), [&](index_t part) {
        const index_t begin = g.batch * part / parts;
        const index_t end = g.batch * (part + 1) / parts;
        for (index_t image = begin; image < end; ++image)
            for (index_t group = 0; group < g.groups; ++group) {
                const index_t i = image * g.groups + group;
                backward_weight_group(g, x + i * in * g.input_size(), gy + i * out * g.output_size(),
                                      part_weights + part * weights + group * out * g.weights_per_output(),
                                      add_to_part || image > begin);
            }
        if (gbias != nullptr)
            sum_channels(end - begin, g.out_channels, g.output_size(), gy + begin * g.out_channels * g.output_size(),
                         part_bias + part * g.out_channels, add_to_part);
    });
    if (parts == 1) return;
    sum_parts(parts, weights, part_weights, gw, accumulate);
    if (gbias != nullptr) sum_parts(parts, g.out_channels, part_bias, gbias, accumulate);
}

// 16-bit types: computed in float, rounded once.

template <bool Grouped, ReducedFloat T>
void forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, Activation activation, bool accumulate) {
    using namespace wide_detail;
    const index_t size = g.batch * g.out_channels * g.output_size();
    float* wide_y = accumulate ? widen<WideC>(y, size) : scratch<WideC, float>(size);
    forward<Grouped>(g, widen<WideA>(x, g.batch * g.in_channels * g.input_size()),
                   widen<WideB>(w, g.out_channels * g.weights_per_output()), widen<WideBias>(bias, g.out_channels),
                   wide_y, activation, accumulate);
    convert_rows(wide_y, size, 1, size, y, size);
}

template <bool Grouped, ReducedFloat T>
void backward_data(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    using namespace wide_detail;
    const index_t size = g.batch * g.in_channels * g.input_size();
    float* wide_gx = accumulate ? widen<WideC>(gx, size) : scratch<WideC, float>(size);
    backward_data<Grouped>(g, widen<WideA>(gy, g.batch * g.out_channels * g.output_size()),
                         widen<WideB>(w, g.out_channels * g.weights_per_output()), wide_gx, accumulate);
    convert_rows(wide_gx, size, 1, size, gx, size);
}

template <bool Grouped, ReducedFloat T>
void backward_weight(const ConvGeometry& g, const T* x, const T* gy, T* gw, T* gbias, bool accumulate) {
    using namespace wide_detail;
    const index_t size = g.out_channels * g.weights_per_output();
    float* wide_gw = accumulate ? widen<WideC>(gw, size) : scratch<WideC, float>(size);
    float* wide_gbias = gbias == nullptr || accumulate ? widen<WideBias>(gbias, g.out_channels)
                                                       : scratch<WideBias, float>(g.out_channels);
    backward_weight<Grouped>(g, widen<WideA>(x, g.batch * g.in_channels * g.input_size()),
                           widen<WideB>(gy, g.batch * g.out_channels * g.output_size()), wide_gw, wide_gbias,
                           accumulate);
    convert_rows(wide_gw, size, 1, size, gw, size);
    if (gbias != nullptr) convert_rows(wide_gbias, g.out_channels, 1, g.out_channels, gbias, g.out_channels);
}

}  // namespace conv_detail

/// y = activation([y +] x * w + bias): the convolution that `g` describes, in its layout. `bias` holds out_channels
/// numbers or is null; unless it is added to, what y held does not matter. 16-bit types are computed in float and rounded once. Results of all
/// convolution kernels are the same for any number of threads. Grouped = false promises that there is one group: what
/// depthwise convolutions need is then not compiled.
template <bool Grouped = true, Floating T>
void conv_forward(Cpu, const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y,
                  Activation activation = Activation::none, bool accumulate = false) {
    if (g.batch * g.out_channels * g.output_size() > 0) conv_detail::forward<Grouped>(g, x, w, bias, y, activation, accumulate);
}

/// gx [+]= the gradient with respect to x, given gy, the gradient with respect to y: each element of gy times each
/// weight, added where the convolution took its factor from. This is the transposed convolution of gy.
template <bool Grouped = true, Floating T>
void conv_backward_data(Cpu, const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    if (g.batch * g.out_channels * g.output_size() > 0)
        conv_detail::backward_data<Grouped>(g, gy, w, gx, accumulate);
    else if (!accumulate)
        std::fill_n(gx, g.batch * g.in_channels * g.input_size(), T(0));
}

/// gw [+]= the gradient with respect to w and, unless gbias is null, gbias [+]= the gradient with respect to the bias.
template <bool Grouped = true, Floating T>
void conv_backward_weight(Cpu, const ConvGeometry& g, const T* x, const T* gy, T* gw, T* gbias, bool accumulate) {
    if (g.batch * g.out_channels * g.output_size() > 0) {
        conv_detail::backward_weight<Grouped>(g, x, gy, gw, gbias, accumulate);
    } else if (!accumulate) {
        std::fill_n(gw, g.out_channels * g.weights_per_output(), T(0));
        if (gbias != nullptr) std::fill_n(gbias, g.out_channels, T(0));
    }
}

/// gbias [+]= the gradient with respect to the bias alone.
template <Floating T>
void conv_backward_bias(Cpu, const ConvGeometry& g, const T* gy, T* gbias, bool accumulate) {
    conv_detail::sum_channels(g.batch, g.out_channels, g.output_size(), gy, gbias, accumulate);
}

/// The transposed convolution x = y * w^T + bias, in the names of `g`: `bias` holds in_channels numbers or is null. Its
/// gradients are conv_forward for y, conv_backward_weight for w, and conv_transpose_backward_bias.
template <bool Grouped = true, Floating T>
void conv_transpose_forward(Cpu, const ConvGeometry& g, const T* y, const T* w, const T* bias, T* x) {
    const index_t size = g.input_size();
    if (bias != nullptr)
        for (index_t i = 0; i < g.batch * g.in_channels; ++i) std::fill_n(x + i * size, size, bias[i % g.in_channels]);
    conv_backward_data<Grouped>(Cpu{}, g, y, w, x, bias != nullptr);
}

/// gbias [+]= the gradient of a transposed convolution with respect to the bias, given gx.
template <Floating T>
void conv_transpose_backward_bias(Cpu, const ConvGeometry& g, const T* gx, T* gbias, bool accumulate) {
    conv_detail::sum_channels(g.batch, g.in_channels, g.input_size(), gx, gbias, accumulate);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
