// The works of the suite conv, as its peers see them: images [batch, channels, height, width], weights [out, in / groups,
// kernel, kernel].
#pragma once

#include <span>

#include "bench.hpp"

struct Convolution {
    long batch, in_channels, in_size, out_channels, out_size, kernel, padding, groups, stride;
    std::span<const float> x, weight, bias;
    std::span<float> y;
};

/// The gradients with respect to x, weight and bias, given y's.
struct ConvolutionGradients {
    Convolution forward;
    std::span<const float> gy;
    std::span<float> gx, gweight, gbias;
};

/// How images lie in memory while a peer works on them; what it takes to bring them there and back is not timed.
enum class Layout { channels_first, channels_last, any };

bench::CallWithResults conv_onednn(Convolution work, Layout layout);
bench::CallWithResults conv_gradients_onednn(ConvolutionGradients work, Layout layout);
bench::CallWithResults conv_libtorch(Convolution work, Layout layout);
bench::CallWithResults conv_gradients_libtorch(ConvolutionGradients work, Layout layout);
