// Convolutions on the CPU and their gradients, in one to three dimensions, with groups, strides, dilation and padding.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/derived_memory.hpp"
#include "xnn/core/device.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/choice.hpp"
#include "xnn/cpu/conv/depthwise.hpp"
#include "xnn/cpu/conv/depthwise_spread.hpp"
#include "xnn/cpu/conv/folding.hpp"
#include "xnn/cpu/conv/panels_gradient.hpp"
#include "xnn/cpu/conv/sums.hpp"
#include "xnn/cpu/conv/winograd_gradient.hpp"
#include "xnn/cpu/widen.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

template <bool Grouped, std::floating_point T>
void forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, Activation activation, bool accumulate, DerivedMemory* derived) {
    const bool relu = activation == Activation::relu;
    if constexpr (Grouped)
        if (is_depthwise(g)) {
            if constexpr (depthwise_detail::has_walks<T>)
                if (depthwise_detail::walks_fit(g)) return depthwise_detail::forward_by_walks(g, x, w, false, y, {bias, relu, accumulate});
            return depthwise_detail::forward(g, x, w, bias, y, relu, accumulate);
        }
    if constexpr (has_winograd<T>)
        if (winograd_pays<T>(g)) return winograd_detail::forward(g, x, w, winograd_detail::weight_order(g), y, {bias, accumulate, relu}, derived);
    forward_by_panels(g, x, w, bias, y, relu, accumulate);
}

template <bool Grouped, std::floating_point T>
void backward_data(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    if constexpr (Grouped)
        if (is_depthwise(g)) {
            if constexpr (depthwise_detail::has_walks<T>)
                if (depthwise_detail::walks_fit(g)) return depthwise_detail::backward_data_by_walks(g, gy, w, gx, accumulate);
            return depthwise_detail::backward_data(g, gy, w, gx, accumulate);
        }
    if constexpr (has_winograd<T>)
        if (const ConvGeometry turned = turned_over(g); winograd_pays<T>(turned))
            return winograd_detail::forward(turned, gy, w, winograd_detail::turned_weight_order(turned), gx, {nullptr, accumulate, false});
    if (folding_pays<T>(g)) return backward_data_by_folding(g, gy, w, gx, accumulate);
    backward_data_by_panels(g, gy, w, gx, accumulate);
}

/// The gradient of the weights by an algorithm that has no use for the bias, if there is one.
template <bool Grouped, class T>
bool backward_weight_alone(const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    if constexpr (Grouped)
        if (is_depthwise(g)) {
            depthwise_detail::backward_weight(g, x, gy, gw, accumulate);
            return true;
        }
    if constexpr (has_winograd<T>)
        if (winograd_gradient_pays<T>(g)) {
            winograd_detail::backward_weight(g, x, gy, gw, accumulate);
            return true;
        }
    return false;
}

template <bool Grouped, std::floating_point T>
void backward_weight(const ConvGeometry& g, const T* x, const T* gy, T* gw, T* gbias, bool accumulate) {
    if constexpr (Grouped && depthwise_detail::has_walks<T>)
        if (is_depthwise(g) && depthwise_detail::walks_fit(g)) return depthwise_detail::backward_weight_by_walks(g, x, gy, gw, gbias, accumulate);
    if (backward_weight_alone<Grouped>(g, x, gy, gw, accumulate)) {
        if (gbias != nullptr) sum_channels(g.batch, g.out_channels, g.output_size(), gy, gbias, accumulate);
        return;
    }
    backward_weight_by_panels(g, x, gy, gw, gbias, accumulate);
}

// 16-bit types: computed in float, rounded once.

template <bool Grouped, ReducedFloat T>
void forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, Activation activation, bool accumulate, DerivedMemory* derived) {
    using namespace wide_detail;
    const index_t size = g.batch * g.out_channels * g.output_size();
    float* wide_y = accumulate ? widen<WideC>(y, size) : scratch<WideC, float>(size);
    forward<Grouped>(g, widen<WideA>(x, g.batch * g.in_channels * g.input_size()),
                   widen<WideB>(w, g.out_channels * g.weights_per_output()), widen<WideBias>(bias, g.out_channels),
                   wide_y, activation, accumulate, derived);
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
/// depthwise convolutions need is then not compiled. `derived` belongs to weights that are constants, and keeps them from one
/// call to the next in the form in which an algorithm reads them; null if nobody knows that they are.
template <bool Grouped = true, Floating T>
void conv_forward(Cpu, const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y,
                  Activation activation = Activation::none, bool accumulate = false, DerivedMemory* derived = nullptr) {
    if (g.batch * g.out_channels * g.output_size() > 0) conv_detail::forward<Grouped>(g, x, w, bias, y, activation, accumulate, derived);
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
