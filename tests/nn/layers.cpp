#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/nn/sparse.hpp"

using namespace xnn;
using nn::Sizes;

TEMPLATE_TEST_CASE("Linear is PyTorch's", "[nn]", float, double, bfloat16) {
    using T = TestType;
    check_layer<T, Shape<4, 5>>("Linear(5,3)", nn::Linear<5, 3, true, T>{});
    check_layer<T, Shape<2, 2, 5>>("Linear(5,3) no bias", nn::Linear<5, 3, false, T>{});
}

TEST_CASE("convolutions are PyTorch's", "[nn]") {
    using T = double;
    check_layer<T, Shape<2, 2, 7>>("Conv1d", nn::Conv1d<2, 3, 3, nn::ConvOptions{.stride = 2, .padding = 1}, T>{});
    check_layer<T, Shape<2, 2, 6, 5>>("Conv2d", nn::Conv2d<2, 4, 3, nn::ConvOptions{}, T>{});
    constexpr nn::ConvOptions options{.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}, .groups = 2, .bias = false};
    check_layer<T, Shape<2, 2, 6, 5>>("Conv2d strided", nn::Conv2d<2, 4, Sizes(3, 2), options, T>{});
}

TEST_CASE("poolings are PyTorch's", "[nn]") {
    using T = double;
    using Line = Shape<2, 3, 7>;
    using Image = Shape<2, 3, 7, 6>;
    check_layer<T, Line>("MaxPool1d", nn::MaxPool1d<3, nn::MaxPoolOptions{.stride = 2, .padding = 1}>{});
    check_layer<T, Image>("MaxPool2d", nn::MaxPool2d<2>{});
    constexpr nn::MaxPoolOptions max_options{.stride = {1, 2}, .padding = 1, .dilation = {2, 1}, .ceil_mode = true};
    check_layer<T, Image>("MaxPool2d options", nn::MaxPool2d<Sizes(3, 2), max_options>{});
    check_layer<T, Line>("AvgPool1d", nn::AvgPool1d<3, nn::AvgPoolOptions{.stride = 2, .padding = 1}>{});
    check_layer<T, Image>("AvgPool2d", nn::AvgPool2d<2>{});
    constexpr nn::AvgPoolOptions avg_options{.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false};
    check_layer<T, Image>("AvgPool2d options", nn::AvgPool2d<3, avg_options>{});
    check_layer<T, Line>("AdaptiveAvgPool1d", nn::AdaptiveAvgPool1d<3>{});
    check_layer<T, Image>("AdaptiveAvgPool2d", nn::AdaptiveAvgPool2d<Sizes(3, nn::same_size)>{});
    check_layer<T, Line>("AdaptiveMaxPool1d", nn::AdaptiveMaxPool1d<3>{});
    check_layer<T, Image>("AdaptiveMaxPool2d", nn::AdaptiveMaxPool2d<Sizes(2, 4)>{});
}

TEST_CASE("Flatten and Unflatten keep the elements", "[nn]") {
    check_layer<double, Shape<2, 3, 2>>("Flatten", nn::Flatten<>{});
    check_layer<double, Shape<2, 6>>("Unflatten", nn::Unflatten<1, Shape<2, 3>>{});
    check_layer<double, Shape<2, 6>>("Unflatten", nn::Unflatten<-1, Shape<2, dyn>>{});
}

TEST_CASE("layers compute in float too", "[nn]") {
    check_layer<float, Shape<2, 2, 6, 5>>("Conv2d", nn::Conv2d<2, 4, 3>{});
    check_layer<float, Shape<2, 3, 7, 6>>("MaxPool2d", nn::MaxPool2d<2>{});
    check_layer<float, Shape<2, 3, 7, 6>>("AdaptiveAvgPool2d", nn::AdaptiveAvgPool2d<Sizes(3, nn::same_size)>{});
}

TEMPLATE_TEST_CASE("Embedding is PyTorch's", "[nn]", float, double) {
    using T = TestType;
    const auto& fixture = layer_fixture();
    nn::Embedding<6, 3, 2, T> embedding;
    REQUIRE(embedding.weight.value()(2, 1) == 0);
    load_parameters(fixture, embedding, "Embedding/p/");
    const auto indices = fixture.tensor<std::int64_t, Shape<2, 3>>("Embedding/x");
    const auto y = embedding(indices);
    y.backward(fixture.tensor<T, Shape<2, 3, 3>>("Embedding/gy").view());
    fixture.require_close(y.value().data, 18, "Embedding/y", tolerance_of<T>);
    fixture.require_close(embedding.weight.grad().data(), 18, "Embedding/g/weight", tolerance_of<T>);
}

TEST_CASE("an index outside of the table is refused, and nothing changes", "[nn]") {
    nn::Embedding<5, 2> embedding;
    const Tensor<std::int64_t, Shape<3>> high{1, 5, 0}, low{0, 1, -1};
    REQUIRE_ERROR(embedding(high).value(), "embedding", "[0, 5)", "5 at position 1");
    REQUIRE_ERROR(embedding(low).value(), "embedding", "[0, 5)", "-1 at position 2");
    REQUIRE(!embedding.weight.has_grad());
}

TEST_CASE("extents that do not fit in this run are refused", "[nn]") {
    nn::Linear<4, 2> fc;
    const Tensor<float, Shape<dyn, dyn>> x(Shape<dyn, dyn>(3, 5));
    REQUIRE_ERROR(fc(x), "linear", "(3, 5)");
    const Tensor<float, Shape<1, 2, dyn>> line(Shape<1, 2, dyn>(0));
    REQUIRE(!error_of([&] { nn::AdaptiveAvgPool1d<2>{}(line).value(); }).empty());
}
