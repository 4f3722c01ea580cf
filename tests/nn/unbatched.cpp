// Layers applied to one sample without a batch dimension, and transposed convolutions that are told their result's size.
#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/cost.hpp"
#include "xnn/nn/fold.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/padding.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;
using nn::ConvOptions;
using nn::ConvTransposeOptions;
using nn::Sizes;

namespace {

const Fixture& fixture() {
    static const Fixture file("unbatched.safetensors");
    return file;
}
template <class T, class S, class Layer>
void check(const std::string& name, Layer layer) {
    check_layer<T, S>(fixture(), name, layer);
}

using Line = Shape<4, 9>;
using Image = Shape<4, 6, 5>;
using Volume = Shape<2, 4, 5, 3>;

/// Requires PyTorch's result for an output size, known to the compiler or `dyn`.
template <class T, class X, class Layer, index_t... D>
void check_sized(const std::string& name) {
    INFO(name);
    const auto run = [&](const auto& size) {
        Layer layer;
        load_parameters(fixture(), layer, name + "/p/");
        Parameter<T, X> x(fixture().tensor<T, X>(name + "/x"));
        const auto y = layer(x, size);
        const auto gy = fixture().numbers(name + "/gy");
        using Y = typename decltype(y)::shape_type;
        Tensor<T, Y> gradient(y.shape());
        REQUIRE(static_cast<std::size_t>(gradient.size()) == gy.size());
        for (std::size_t i = 0; i < gy.size(); ++i) gradient.data()[i] = static_cast<T>(gy[i]);
        y.backward(gradient.view());
        fixture().require_close(y.value().data, y.value().size(), name + "/y", tolerance_of<T>);
        fixture().require_close(x.grad().data(), x.size(), name + "/gx", tolerance_of<T>);
        nn::visit_parameters(layer, [&](const std::string& key, auto& parameter) {
            fixture().require_close(parameter.grad().data(), parameter.size(), name + "/g/" + key, tolerance_of<T>);
        });
        return Y{y.shape()};
    };
    static_assert(decltype(run(Shape<D...>{}))::is_static);
    run(Shape<D...>{});
    run(Shape<((void)D, dyn)...>(D...));
}

}  // namespace

TEMPLATE_TEST_CASE("convolutions take one sample", "[nn][conv]", float, double) {
    using T = TestType;
    check<T, Line>("Conv1d", nn::Conv1d<4, 6, 3, ConvOptions{.stride = 2, .padding = 1, .groups = 2}, T>{});
    check<T, Image>("Conv2d", nn::Conv2d<4, 3, Sizes(3, 2), ConvOptions{.padding = nn::same}, T>{});
    check<T, Image>("Conv2d depthwise", nn::Conv2d<4, 4, 3, ConvOptions{.padding = 1, .groups = 4, .bias = false}, T>{});
    check<T, Image>("Conv2d reflect", nn::Conv2d<4, 3, 3, ConvOptions{.stride = 2, .padding = {2, 1}, .padding_mode = PaddingMode::reflect}, T>{});
    check<T, Volume>("Conv3d", nn::Conv3d<2, 3, 2, ConvOptions{.padding = 1}, T>{});
    check<T, Line>("ConvTranspose1d", nn::ConvTranspose1d<4, 3, 3, ConvTransposeOptions{.stride = 2}, T>{});
    constexpr ConvTransposeOptions options{.stride = {2, 1}, .padding = {1, 0}, .output_padding = {1, 0}, .groups = 2};
    check<T, Image>("ConvTranspose2d", nn::ConvTranspose2d<4, 6, Sizes(3, 2), options, T>{});
    check<T, Volume>("ConvTranspose3d", nn::ConvTranspose3d<2, 3, 2, ConvTransposeOptions{.bias = false}, T>{});
    check<T, Image>("Unfold", nn::Unfold<2, nn::UnfoldOptions{.padding = 1}>{});
    check<T, Shape<12, 12>>("Fold", nn::Fold<Sizes(4, 5), 2>{});
}

TEMPLATE_TEST_CASE("poolings, instance normalisations and paddings take one sample", "[nn]", float, double) {
    using T = TestType;
    check<T, Line>("MaxPool1d", nn::MaxPool1d<3, nn::MaxPoolOptions{.stride = 2, .padding = 1}>{});
    check<T, Image>("MaxPool2d", nn::MaxPool2d<2>{});
    check<T, Volume>("MaxPool3d", nn::MaxPool3d<2>{});
    check<T, Line>("AvgPool1d", nn::AvgPool1d<3>{});
    check<T, Image>("AvgPool2d", nn::AvgPool2d<2>{});
    check<T, Volume>("AvgPool3d", nn::AvgPool3d<2>{});
    check<T, Line>("LPPool1d", nn::LPPool1d<3>{2});
    check<T, Image>("LPPool2d", nn::LPPool2d<2>{2});
    check<T, Volume>("LPPool3d", nn::LPPool3d<2>{2});
    check<T, Image>("AdaptiveAvgPool2d", nn::AdaptiveAvgPool2d<Sizes(3, nn::same_size)>{});
    check<T, Volume>("AdaptiveMaxPool3d", nn::AdaptiveMaxPool3d<2>{});
    check<T, Line>("InstanceNorm1d", nn::InstanceNorm1d<4, nn::InstanceNormOptions{.affine = true}, T>{});
    check<T, Image>("InstanceNorm2d", nn::InstanceNorm2d<4, nn::InstanceNormOptions{.track_running_stats = true}, T>{});
    check<T, Volume>("InstanceNorm3d", nn::InstanceNorm3d<2, nn::InstanceNormOptions{}, T>{});
    check<T, Image>("ReflectionPad2d", nn::ReflectionPad2d<Pads(1, 2, 3, 0)>{});
}

TEST_CASE("the result for one sample is that for a batch of one", "[nn]") {
    const auto image = random_tensor<float>(Shape<3, 8, 8>{});
    Tensor<float, Shape<1, 3, 8, 8>> batch;
    std::copy(image.begin(), image.end(), batch.data());
    const nn::Conv2d<3, 4, 3> conv;
    REQUIRE(values(conv(image)) == values(conv(batch)));
    auto [largest, places] = nn::MaxPool2d<2, nn::MaxPoolOptions{.return_indices = true}>{}(image);
    REQUIRE(values(nn::MaxPool2d<2>{}(nn::MaxUnpool2d<2>{}(largest, places))).size() == 48);
    static_assert(std::same_as<output_of<nn::Conv2d<3, 4, 3>, Shape<3, dyn, 8>>, Shape<4, dyn, 6>>);
    static_assert(!accepts<nn::Conv2d<3, 4, 3>, Shape<8, 8>>);
    static_assert(!accepts<nn::Conv2d<3, 4, 3>, Shape<1, 1, 3, 8, 8>>);
    static_assert(!accepts<nn::Conv2d<3, 4, 3>, Shape<4, 8, 8>>);
    static_assert(!accepts<nn::MaxPool2d<2>, Shape<8, 8>>);
    static_assert(flops<nn::Conv2d<3, 4, 3>, Shape<3, 8, 8>> == flops<nn::Conv2d<3, 4, 3>, Shape<1, 3, 8, 8>>);
}

TEMPLATE_TEST_CASE("a transposed convolution takes an output size", "[nn][conv]", float, double) {
    using T = TestType;
    using Up = nn::ConvTranspose2d<4, 6, Sizes(4, 2), ConvTransposeOptions{.stride = {2, 3}, .padding = 1, .output_padding = {0, 2}, .groups = 2}, T>;
    check_sized<T, Shape<2, 4, 3, 4>, Up, 6, 9>("output_size 6 9");
    check_sized<T, Shape<2, 4, 3, 4>, Up, 7, 11>("output_size 7 11");
    check_sized<T, Shape<2, 4, 3, 4>, Up, 6, 10>("output_size 6 10");
    using Dilated = nn::ConvTranspose1d<4, 3, 3, ConvTransposeOptions{.stride = 3, .bias = false, .dilation = 2}, T>;
    check_sized<T, Shape<2, 4, 5>, Dilated, 2, 3, 19>("output_size of all");
    check_sized<T, Volume, nn::ConvTranspose3d<2, 3, 2, ConvTransposeOptions{.stride = 2}, T>, 8, 11, 7>("output_size of one");
}

TEST_CASE("output sizes that cannot be are refused", "[nn][conv]") {
    using Up = nn::ConvTranspose1d<2, 3, 3, ConvTransposeOptions{.stride = 2, .padding = 1}>;
    static_assert(std::same_as<output_of<Up, Shape<dyn, 2, 5>, Shape<10>>, Shape<dyn, 3, 10>>);
    static_assert(std::same_as<output_of<Up, Shape<1, 2, dyn>, Shape<dyn>>, Shape<1, 3, dyn>>);
    static_assert(accepts<Up, Shape<1, 2, 5>, Shape<9>>);
    static_assert(!accepts<Up, Shape<1, 2, 5>, Shape<8>>);
    static_assert(!accepts<Up, Shape<1, 2, 5>, Shape<11>>);
    static_assert(!accepts<Up, Shape<1, 2, 5>, Shape<9, 9>>);
    const Tensor<float, Shape<1, 2, 5>> x;
    const Up up;
    REQUIRE(values(up(x, Shape<dyn>(10))).size() == 30);
    REQUIRE_ERROR(up(x, Shape<dyn>(8)), "conv_transpose", "(8)");
    REQUIRE_ERROR(up(x, Shape<dyn>(11)), "conv_transpose", "(11)");
}
