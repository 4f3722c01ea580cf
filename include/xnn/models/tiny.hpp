// The networks of MLPerf Tiny (Banbury et al., 2021), a benchmark of inference on small devices, each as a chain of layers.
// https://github.com/mlcommons/tiny
//
// A convolution in front of a normalisation has no bias here, padding is PyTorch's, the same on both sides, and what comes
// out are logits: the originals' last softmax belongs to the loss.
#pragma once

#include "xnn/models/resnet.hpp"

namespace xnn::models {

namespace detail {

template <index_t In, index_t Out, class T, class Device>
using NormedLinear = nn::Sequential<nn::Linear<In, Out, true, T, Device>, nn::BatchNorm1d<Out, nn::BatchNormOptions{}, T, Device>, nn::ReLU>;

/// Channels filtered one by one, then mixed by a convolution of 1 × 1.
template <index_t In, index_t Out, index_t Stride, class T, class Device>
using DepthwiseSeparable =
    nn::Sequential<nn::Conv2d<In, In, 3, nn::ConvOptions{.stride = Stride, .padding = 1, .groups = In, .bias = false}, T, Device>,
                   nn::BatchNorm2d<In, nn::BatchNormOptions{}, T, Device>, nn::ReLU,
                   nn::Conv2d<In, Out, 1, nn::ConvOptions{.bias = false}, T, Device>,
                   nn::BatchNorm2d<Out, nn::BatchNormOptions{}, T, Device>, nn::ReLU>;

}  // namespace detail

/// An autoencoder, whose error tells anomalies in the spectra of a machine's sound: [batch, Features] → the same.
template <index_t Features = 640, index_t Width = 128, index_t Code = 8, Floating T = float, class Device = DefaultDevice>
using AnomalyAutoencoder =
    nn::Sequential<detail::NormedLinear<Features, Width, T, Device>, nn::Repeated<3, detail::NormedLinear<Width, Width, T, Device>>,
                   detail::NormedLinear<Width, Code, T, Device>,
                   detail::NormedLinear<Code, Width, T, Device>, nn::Repeated<3, detail::NormedLinear<Width, Width, T, Device>>,
                   nn::Linear<Width, Features, true, T, Device>>;

/// Keyword spotting with depthwise separable convolutions: 49 steps of 10 cepstral coefficients [batch, 1, 49, 10] →
/// [batch, NumClasses]; Zhang et al., Hello edge, 2017.
template <index_t NumClasses = 12, index_t Width = 64, Floating T = float, class Device = DefaultDevice>
using DSCNN = nn::Sequential<
    nn::Conv2d<1, Width, nn::Sizes(10, 4), nn::ConvOptions{.stride = 2, .padding = nn::Sizes(5, 1), .bias = false}, T, Device>,
    nn::BatchNorm2d<Width, nn::BatchNormOptions{}, T, Device>, nn::ReLU,
    nn::Repeated<4, detail::DepthwiseSeparable<Width, Width, 1, T, Device>>,
    nn::AdaptiveAvgPool2d<1>, nn::Flatten<>, nn::Linear<Width, NumClasses, true, T, Device>>;

/// Whether somebody is in the picture: MobileNetV1 (Howard et al., 2017) with a quarter of its 32 channels,
/// [batch, 3, h, w] → [batch, NumClasses], for h and w of 96 in the benchmark.
template <index_t NumClasses = 2, index_t Width = 8, Floating T = float, class Device = DefaultDevice>
using MobileNetV1 = nn::Sequential<
    nn::Conv2d<3, Width, 3, nn::ConvOptions{.stride = 2, .padding = 1, .bias = false}, T, Device>,
    nn::BatchNorm2d<Width, nn::BatchNormOptions{}, T, Device>, nn::ReLU,
    detail::DepthwiseSeparable<Width, 2 * Width, 1, T, Device>,
    detail::DepthwiseSeparable<2 * Width, 4 * Width, 2, T, Device>, detail::DepthwiseSeparable<4 * Width, 4 * Width, 1, T, Device>,
    detail::DepthwiseSeparable<4 * Width, 8 * Width, 2, T, Device>, detail::DepthwiseSeparable<8 * Width, 8 * Width, 1, T, Device>,
    detail::DepthwiseSeparable<8 * Width, 16 * Width, 2, T, Device>, nn::Repeated<5, detail::DepthwiseSeparable<16 * Width, 16 * Width, 1, T, Device>>,
    detail::DepthwiseSeparable<16 * Width, 32 * Width, 2, T, Device>, detail::DepthwiseSeparable<32 * Width, 32 * Width, 1, T, Device>,
    nn::AdaptiveAvgPool2d<1>, nn::Flatten<>, nn::Linear<32 * Width, NumClasses, true, T, Device>>;

/// A small residual network for images of 32 × 32: [batch, 3, h, w] → [batch, NumClasses].
template <index_t NumClasses = 10, index_t Width = 16, Floating T = float, class Device = DefaultDevice>
using ResNet8 = nn::Sequential<
    detail::ResidualConv<3, Width, 3, 1, T, Device>, detail::ResidualNorm<Width, T, Device>, nn::ReLU,
    BasicBlock<Width, Width, 1, T, Device>, BasicBlock<Width, 2 * Width, 2, T, Device>, BasicBlock<2 * Width, 4 * Width, 2, T, Device>,
    nn::AdaptiveAvgPool2d<1>, nn::Flatten<>, nn::Linear<4 * Width, NumClasses, true, T, Device>>;

}  // namespace xnn::models
