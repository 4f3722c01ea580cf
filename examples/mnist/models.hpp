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
template <class Device>
using Mlp = nn::Sequential<nn::Flatten<>, nn::Linear<784, 128, true, float, Device>, nn::ReLU, nn::Linear<128, 10, true, float, Device>>;

/// Two convolutions and two fully connected layers.
template <class Device>
struct LeNet : nn::Module<LeNet<Device>> {
    template <xnn::index_t In, xnn::index_t Out>
    using Conv = nn::Conv2d<In, Out, 5, nn::ConvOptions{}, float, Device>;
    template <xnn::index_t In, xnn::index_t Out>
    using Linear = nn::Linear<In, Out, true, float, Device>;

    Conv<1, 20> conv1;
    Conv<20, 50> conv2;
    Linear<800, 500> fc1;
    Linear<500, 10> fc2;

    constexpr auto forward(auto x) const {
        return x | conv1 | nn::max_pool2d<2> | nn::relu
                 | conv2 | nn::max_pool2d<2> | nn::relu
                 | nn::flatten | fc1 | nn::relu | fc2;
    }
};

// What the compiler has checked before the first image is read.
static_assert(std::same_as<xnn::output_of<Mlp<xnn::Cpu>, Images>, Logits>);
static_assert(std::same_as<xnn::output_of<LeNet<xnn::Cpu>, Images>, Logits>);
static_assert(xnn::parameter_count<LeNet<xnn::Cpu>> == 431'080);

}  // namespace mnist
