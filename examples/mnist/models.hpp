// The networks that this program can train.
#pragma once

#include <xnn/xnn.hpp>

namespace mnist {

namespace nn = xnn::nn;

/// One grey image of 28 × 28 pixels after the other; the loader decides how many.
using Images = xnn::Shape<xnn::dyn, 1, 28, 28>;
/// A score for each digit.
using Logits = xnn::Shape<xnn::dyn, 10>;

/// Two fully connected layers.
using Mlp = nn::Sequential<nn::Flatten<>, nn::Linear<784, 128>, nn::ReLU, nn::Linear<128, 10>>;

/// Two convolutions and two fully connected layers.
struct LeNet : nn::Module<LeNet> {
    nn::Conv2d<1, 20, 5> conv1;
    nn::Conv2d<20, 50, 5> conv2;
    nn::Linear<800, 500> fc1;
    nn::Linear<500, 10> fc2;

    constexpr auto forward(auto x) const {
        return x | conv1 | nn::max_pool2d<2> | nn::relu
                 | conv2 | nn::max_pool2d<2> | nn::relu
                 | nn::flatten | fc1 | nn::relu | fc2;
    }
};

// What the compiler has checked before the first image is read.
static_assert(std::same_as<xnn::output_of<Mlp, Images>, Logits>);
static_assert(std::same_as<xnn::output_of<LeNet, Images>, Logits>);
static_assert(xnn::parameter_count<LeNet> == 431'080);

}  // namespace mnist
