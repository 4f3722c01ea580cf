// Networks that several tests train.
#pragma once

#include <cstdint>

#include "xnn/xnn.hpp"

namespace networks {

/// The network of DESIGN's first page, with its channels as arguments.
template <class T = float>
struct LeNet : xnn::nn::Module<LeNet<T>> {
    xnn::nn::Conv2d<1, 6, 5, xnn::nn::ConvOptions{}, T> conv1;
    xnn::nn::Conv2d<6, 16, 5, xnn::nn::ConvOptions{}, T> conv2;
    xnn::nn::Linear<256, 60, true, T> fc1;
    xnn::nn::Linear<60, 10, true, T> fc2;

    constexpr auto forward(auto x) const {
        namespace nn = xnn::nn;
        return x | conv1 | nn::max_pool2d<2> | nn::relu | conv2 | nn::max_pool2d<2> | nn::relu | nn::flatten | fc1 | nn::relu | fc2;
    }
};

template <class T = float>
using Mlp = xnn::nn::Sequential<xnn::nn::Flatten<>, xnn::nn::Linear<784, 32, true, T>, xnn::nn::ReLU, xnn::nn::Linear<32, 10, true, T>>;

/// Normalisations, and a result that has a name.
template <class T = float>
struct Normalized : xnn::nn::Module<Normalized<T>> {
    xnn::nn::Conv2d<1, 4, 3, xnn::nn::ConvOptions{.padding = 1}, T> conv;
    xnn::nn::BatchNorm2d<4, xnn::nn::BatchNormOptions{}, T> batch_norm;
    xnn::nn::Linear<784, 32, true, T> fc;
    xnn::nn::LayerNorm<xnn::Shape<32>, xnn::nn::LayerNormOptions{}, T> layer_norm;
    xnn::nn::Linear<32, 10, true, T> out;

    constexpr auto forward(auto x) const {
        namespace nn = xnn::nn;
        auto h = x | conv | batch_norm | nn::relu | nn::max_pool2d<2> | nn::flatten | fc;
        return h + nn::gelu(layer_norm(h)) | out;
    }
};

/// Down and up again: mirrored borders, a transposed convolution, patches.
template <class T = float>
struct UpAndDown : xnn::nn::Module<UpAndDown<T>> {
    static constexpr xnn::nn::ConvOptions down{.stride = 2, .padding = 1, .padding_mode = xnn::PaddingMode::reflect};
    static constexpr xnn::nn::ConvTransposeOptions up{.stride = 2, .padding = 1, .output_padding = 1};
    xnn::nn::Conv2d<1, 4, 3, down, T> conv;
    xnn::nn::ConvTranspose2d<4, 2, 3, up, T> conv_transpose;
    xnn::nn::Unfold<4, xnn::nn::UnfoldOptions{.stride = 4}> unfold;
    xnn::nn::Fold<28, 4, xnn::nn::FoldOptions{.stride = 4}> fold;
    xnn::nn::ZeroPad2d<-2> crop;
    xnn::nn::Linear<1152, 10, true, T> out;

    constexpr auto forward(auto x) const { return x | conv | xnn::nn::relu | conv_transpose | unfold | fold | crop | xnn::nn::flatten | out; }
};

/// Named intermediate results, used twice each.
template <class T = float>
struct Residual : xnn::nn::Module<Residual<T>> {
    xnn::nn::Linear<784, 48, true, T> in;
    xnn::nn::Linear<48, 48, true, T> a, b;
    xnn::nn::Linear<48, 10, true, T> out;

    constexpr auto forward(auto x) const {
        namespace nn = xnn::nn;
        auto h = x | nn::flatten | in | nn::relu;
        auto k = h + (h | a | nn::tanh);
        return k + b(k) | out;
    }
};

/// Images and labels that depend on nothing but the batch's number.
template <class T, xnn::index_t Batch>
struct Images {
    xnn::Tensor<T, xnn::Shape<Batch, 1, 28, 28>> images;
    xnn::Tensor<std::int64_t, xnn::Shape<Batch>> labels;

    explicit Images(std::uint64_t seed = 1) {
        const xnn::RandomStream stream{seed, 0};
        for (xnn::index_t i = 0; i < images.size(); ++i) images.data()[i] = static_cast<T>(stream.uniform(i));
        for (xnn::index_t i = 0; i < Batch; ++i) labels(i) = (i * 7 + static_cast<xnn::index_t>(seed)) % 10;
    }
};

}  // namespace networks
