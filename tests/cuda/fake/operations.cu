// How many launches each operation is: the numbers of the table in docs/cuda.md.
#include "steps.hpp"

using namespace xnn;
using namespace xnn::functional;
using namespace fake;

namespace {

/// Launches of an operation: its value, and the gradients of everything that has them.
struct Launches {
    std::size_t forward, back;
};

template <class F, class... P>
void require_row(const char* operation, Launches expected, const F& f, P&... parameters) {
    INFO(operation);
    using Y = decltype(f(parameters...));
    const Tensor<value_t<Y>, shape_t<Y>> gradient;
    {
        INFO("forward");
        require_launches(expected.forward, [&] { f(inference(parameters)...).value(); });
    }
    INFO("forward and back");
    constexpr std::size_t copy_of_the_gradient = 1;
    require_launches(expected.forward + copy_of_the_gradient + expected.back, [&] {
        (parameters.zero_grad(), ...);
        f(parameters...).backward(gradient.view());
    });
}

/// A layer of an input of a shape.
template <class Layer, class S>
void require_layer(const char* operation, Launches expected) {
    Layer layer;
    Parameter<float, S> x;
    require_row(operation, expected, [&](const auto& in) {
        layer.zero_grad();
        return layer(in);
    }, x);
}

template <class Optimizer>
void require_update() {
    nn::Sequential<nn::Linear<12, 8>, nn::Linear<8, 4>> model;
    Optimizer optimizer{model};
    const Tensor<float, Shape<2, 12>> x;
    sum(model(x)).backward();
    require_launches(1, [&] { optimizer.step(); });
}

}  // namespace

TEST_CASE("launches of chains and reductions", "[cuda]") {
    Parameter<float, Shape<8, 12>> x, w;
    Parameter<float, Shape<12>> row;
    require_row("a chain", {1, 1}, [](const auto& a, const auto& b) { return tanh(a * b + a); }, x, w);
    require_row("a chain with a row", {1, 3}, [](const auto& a, const auto& b, const auto& r) { return tanh(a * b + r); }, x, w, row);
    require_row("cat", {2, 2}, [](const auto& a, const auto& b) { return cat<1>(a, b); }, x, w);
    require_row("transpose", {1, 1}, [](const auto& a) { return transpose<0, 1>(a); }, x);
    require_row("sum of all", {1, 1}, [](const auto& a) { return sum(a); }, x);
    require_row("mean of rows", {1, 1}, [](const auto& a) { return mean<1>(a); }, x);
    require_row("sum of columns", {1, 1}, [](const auto& a) { return sum<0>(a); }, x);
    require_row("softmax", {1, 1}, [](const auto& a) { return softmax<1>(a); }, x);
    Tensor<float, Shape<8>> means;
    require_launches(2, [&] { means = mean<1>(inference(x)); });  // a copy, into the same memory
    require_row("dropout", {1, 1}, [](const auto& a) { return dropout(a, 0.5); }, x);
}

TEST_CASE("launches of products and attention", "[cuda]") {
    Parameter<float, Shape<3, 8, 16>> a;
    Parameter<float, Shape<3, 16, 4>> b;
    require_row("matmul in batches", {1, 2}, [](const auto& l, const auto& r) { return matmul(l, r); }, a, b);
    nn::Linear<12, 8> fc;
    Parameter<float, Shape<4, 12>> x;
    require_row("relu of linear", {1, 4}, [&](const auto& in) {
        fc.zero_grad();
        return relu(fc(in));
    }, x);
    Parameter<float, Shape<2, 2, 8, 16>> q, k, v;
    require_row("attention", {3, 6}, [](const auto&... in) { return scaled_dot_product_attention(in...); }, q, k, v);
}

TEST_CASE("launches of layers of images", "[cuda]") {
    using Images = Shape<4, 8, 9, 9>;
    require_layer<nn::Conv2d<8, 16, 3>, Images>("convolution", {3, 7});
    require_layer<nn::Conv2d<8, 16, 1>, Images>("convolution, 1 x 1", {2, 5});
    require_layer<nn::Conv2d<8, 4, 3>, Images>("convolution, few channels", {1, 3});
    require_layer<nn::MaxPool2d<3>, Images>("max pool", {1, 1});
    require_layer<nn::ReflectionPad2d<1>, Images>("pad", {1, 1});
    require_layer<nn::Unfold<3>, Images>("unfold", {1, 1});
    require_layer<nn::BatchNorm2d<8>, Images>("batch norm", {1, 1});
    require_layer<nn::GroupNorm<2, 8>, Images>("group norm", {2, 6});
    require_layer<nn::LayerNorm<Shape<9>>, Images>("layer norm", {1, 3});
    require_layer<nn::RMSNorm<Shape<9>>, Images>("RMS norm", {1, 3});
}

TEST_CASE("launches of tables, losses and steps in time", "[cuda]") {
    const Tensor<std::int64_t, Shape<8>> places, lengths;
    Parameter<float, Shape<12, 4>> table;
    require_row("embedding", {1, 6}, [&](const auto& t) { return functional::embedding(places, t); }, table);
    Parameter<float, Shape<8, 10>> scores;
    require_row("cross entropy", {2, 1}, [&](const auto& x) { return nn::CrossEntropyLoss<>{}(x, places); }, scores);
    Parameter<float, Shape<20, 8, 10>> frames;
    const Tensor<std::int64_t, Shape<8, 5>> words;
    require_row("CTC", {2, 1}, [&](const auto& x) { return nn::CTCLoss<>{}(x, words, lengths, lengths); }, frames);
    nn::LSTM<4, 8> lstm;
    Parameter<float, Shape<7, 3, 4>> x;
    require_row("LSTM of seven steps", {22, 26}, [&](const auto& in) {
        lstm.zero_grad();
        return lstm(in).output;
    }, x);
}

TEST_CASE("launches of optimisers", "[cuda]") {
    require_update<optim::SGD>();
    require_update<optim::Adam>();
    require_update<optim::AdamW>();
}
