// What the compiler knows about shapes, and what it says when they do not fit.
#include <iostream>
#include <xnn/xnn.hpp>
using namespace xnn;

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

// A batch of any size, images of 28 × 28: the compiler follows them through the network.
static_assert(std::same_as<output_of<LeNet, Shape<dyn, 1, 28, 28>>, Shape<dyn, 10>>);
// Questions can be asked without an error.
static_assert(accepts<LeNet, Shape<64, 1, 28, 28>>);
static_assert(!accepts<LeNet, Shape<64, 3, 28, 28>>);  // three colours
static_assert(!accepts<LeNet, Shape<64, 1, 32, 32>>);  // 1250 numbers behind the convolutions, not 800
static_assert(!accepts<LeNet, Shape<64, 784>>);        // not images at all

// What a network costs is known too.
static_assert(parameter_count<LeNet> == 431'080);
static_assert(flops<LeNet, Shape<1, 1, 28, 28>> == 2 * (20 * 25 * 24 * 24 + 50 * 500 * 8 * 8 + 800 * 500 + 500 * 10));

// Layer 2 of this chain does not fit: layer 0 leaves 128 numbers, which ReLU hands on.
using Wrong = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<64, 10>>;
static_assert(!accepts<Wrong, Shape<dyn, 784>>);
// A program that uses it does not compile. Its first error says, with g++ (without `xnn::`, which stands before each name):
//
//     error: conversion from ‘LayerMismatch<2, nn::Linear<64, 10>, Expects<LastExtent<64>>, Got<Shape<-1, 128>>>’ to
//     non-scalar type ‘detail::TheShapesFit’ requested
//
// Layer 2, a Linear<64, 10>, expects 64 as last extent and got the shape (dyn, 128). -DSHOW_THE_ERROR shows it.
#ifdef SHOW_THE_ERROR
Tensor<float, Shape<dyn, 10>> wrong(const Tensor<float, Shape<dyn, 784>>& x) { return Wrong{}(x); }
#endif

int main() {
    std::cout << "the compiler has checked LeNet: " << parameter_count<LeNet> << " parameters, "
              << flops<LeNet, Shape<1, 1, 28, 28>> << " operations for an image, "
              << workspace_bytes<LeNet, Shape<64, 1, 28, 28>> << " bytes of workspace to train with a batch of 64\n";

    // An extent that is `dyn` is checked when the program runs, before anything is computed.
    const Tensor<float, Shape<dyn, dyn>> table(Shape<dyn, dyn>(4, 3));
    const nn::Linear<5, 2> layer;
    try {
        const Tensor<float, Shape<dyn, 2>> result = layer(table);
    } catch (const Error& problem) { std::cout << "at run time: " << problem.what() << '\n'; }
}
