#include "xnn/nn/pooling.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/ops/random.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;
using nn::Sizes;
using nn::MaxPoolOptions;
using nn::AvgPoolOptions;

namespace {

using Line = Shape<2, 3, 9>;
using Image = Shape<2, 3, 7, 6>;
using Volume = Shape<2, 2, 5, 6, 4>;

const Fixture& fixture() {
    static const Fixture file("pooling.safetensors");
    return file;
}

/// Requires PyTorch's result and gradient.
template <class T, class Y>
void check_result(const std::string& name, const Y& y, const auto& x) {
    y.backward(fixture().tensor<T, shape_t<Y>>(name + "/gy").view());
    fixture().require_close(y.value().data, y.value().size(), name + "/y", tolerance_of<T>);
    fixture().require_close(x.grad().data(), x.size(), name + "/gx", tolerance_of<T>);
}
template <class T, AnyShape S, class Layer>
void check(const std::string& name, const Layer& layer) {
    INFO(name);
    const Parameter<T, S> x(fixture().tensor<T, S>(name + "/x"));
    const auto y = layer(x);
    check_result<T>(name, y, x);
}
/// The layer gives indices as well.
template <class T, AnyShape S, class Layer>
void check_indices(const std::string& name, const Layer& layer) {
    INFO(name);
    const Parameter<T, S> x(fixture().tensor<T, S>(name + "/x"));
    const auto [values, indices] = layer(x);
    check_result<T>(name, values, x);
    fixture().require_close(indices.value().data, indices.value().size(), name + "/i", 0);
}
/// The layer takes indices.
template <class T, AnyShape S, class Layer>
void check_unpool(const std::string& name, const Layer& layer) {
    INFO(name);
    const Parameter<T, S> x(fixture().tensor<T, S>(name + "/x"));
    const auto indices = fixture().tensor<std::int64_t, S>(name + "/i");
    const auto y = layer(x, indices);
    check_result<T>(name, y, x);
}

}  // namespace

TEMPLATE_TEST_CASE("max poolings of one and three dimensions are PyTorch's", "[nn]", float, double, float16) {
    using T = TestType;
    check<T, Volume>("MaxPool3d", nn::MaxPool3d<2>{});
    constexpr MaxPoolOptions options{.stride = {2, 1, 2}, .padding = 1, .dilation = {1, 2, 1}, .ceil_mode = true};
    check<T, Volume>("MaxPool3d options", nn::MaxPool3d<Sizes(3, 2, 2), options>{});
    check<T, Line>("MaxPool1d dilation", nn::MaxPool1d<2, MaxPoolOptions{.stride = 3, .dilation = 3, .ceil_mode = true}>{});
}

TEMPLATE_TEST_CASE("average poolings are PyTorch's", "[nn]", float, double, float16) {
    using T = TestType;
    check<T, Volume>("AvgPool3d", nn::AvgPool3d<2>{});
    constexpr AvgPoolOptions options{.stride = {2, 1, 2}, .padding = {1, 0, 1}, .ceil_mode = true, .count_include_pad = false};
    check<T, Volume>("AvgPool3d options", nn::AvgPool3d<Sizes(3, 2, 3), options>{});
    check<T, Volume>("AvgPool3d divisor", nn::AvgPool3d<2, AvgPoolOptions{.padding = 1, .divisor_override = 3}>{});
    check<T, Image>("AvgPool2d divisor", nn::AvgPool2d<Sizes(2, 3), AvgPoolOptions{.stride = 1, .divisor_override = 5}>{});
    check<T, Line>("AvgPool1d options", nn::AvgPool1d<4, AvgPoolOptions{.stride = 3, .padding = 2, .ceil_mode = true, .count_include_pad = false}>{});
    check<T, Volume>("AdaptiveAvgPool3d", nn::AdaptiveAvgPool3d<Sizes(2, nn::same_size, 3)>{});
    check<T, Volume>("AdaptiveMaxPool3d", nn::AdaptiveMaxPool3d<Sizes(2, 4, nn::same_size)>{});
}

TEMPLATE_TEST_CASE("power-average poolings are PyTorch's", "[nn]", float, double) {
    using T = TestType;
    check<T, Line>("LPPool1d", nn::LPPool1d<2, nn::LPPoolOptions{.stride = 1}>{3});
    check<T, Image>("LPPool2d", nn::LPPool2d<Sizes(2, 3), nn::LPPoolOptions{.ceil_mode = true}>{2});
    check<T, Volume>("LPPool3d", nn::LPPool3d<2>{1.5});
    REQUIRE_ERROR(nn::LPPool1d<2>{0}, "LPPool", "norm_type");
}

TEMPLATE_TEST_CASE("poolings say where their maxima stand", "[nn]", float, double) {
    using T = TestType;
    constexpr MaxPoolOptions indices{.return_indices = true};
    check_indices<T, Line>("MaxPool1d indices", nn::MaxPool1d<2, indices>{});
    check_indices<T, Image>("MaxPool2d indices", nn::MaxPool2d<Sizes(3, 2), MaxPoolOptions{.stride = 2, .padding = 1, .return_indices = true}>{});
    check_indices<T, Image>("MaxPool2d apart", nn::MaxPool2d<Sizes(3, 2), indices>{});
    check_indices<T, Volume>("MaxPool3d indices", nn::MaxPool3d<2, indices>{});
    check_indices<T, Line>("AdaptiveMaxPool1d indices", nn::AdaptiveMaxPool1d<4, true>{});
    check_indices<T, Image>("AdaptiveMaxPool2d indices", nn::AdaptiveMaxPool2d<Sizes(3, 4), true>{});
    check_indices<T, Volume>("AdaptiveMaxPool3d indices", nn::AdaptiveMaxPool3d<2, true>{});
}

TEMPLATE_TEST_CASE("MaxUnpool is PyTorch's", "[nn]", float, double, bfloat16) {
    using T = TestType;
    check_unpool<T, Shape<2, 3, 4>>("MaxUnpool1d", nn::MaxUnpool1d<2>{});
    check_unpool<T, Shape<2, 3, 4>>("MaxUnpool1d size", nn::MaxUnpool1d<2, nn::MaxUnpoolOptions{.output_size = 9}>{});
    check_unpool<T, Shape<2, 2, 3, 3>>("MaxUnpool2d padded", nn::MaxUnpool2d<3, nn::MaxUnpoolOptions{.padding = 1}>{});
    check_unpool<T, Shape<2, 3, 2, 3>>("MaxUnpool2d size", nn::MaxUnpool2d<Sizes(3, 2), nn::MaxUnpoolOptions{.output_size = {7, 6}}>{});
    check_unpool<T, Shape<2, 2, 2, 3, 2>>("MaxUnpool3d size", nn::MaxUnpool3d<2, nn::MaxUnpoolOptions{.output_size = {5, 6, 4}}>{});
}

TEST_CASE("an index outside of its plane is refused", "[nn]") {
    const Tensor<float, Shape<1, 1, 2>> x{1, 2};
    const Tensor<std::int64_t, Shape<1, 1, 2>> high{0, 4}, low{-1, 2};
    const nn::MaxUnpool1d<2> unpool;
    REQUIRE_ERROR(unpool(x, high).value(), "max_unpool", "[0, 4)", "4 at position 1");
    REQUIRE_ERROR(unpool(x, low).value(), "max_unpool", "-1 at position 0");
}

TEST_CASE("gradients of poolings with indices are right", "[nn]") {
    Parameter<double, Shape<2, 5, 4>> x(randn<Shape<2, 5, 4>, double>());
    REQUIRE(gradcheck(
        [](auto& v) {
            auto [values, indices] = nn::max_pool2d<3, MaxPoolOptions{.stride = 1, .padding = 1, .return_indices = true}>(v);
            return values * values;
        },
        x));
    REQUIRE(gradcheck([](auto& v) { return nn::LPPool2d<2>{2}(v * v + 1.0); }, x));
    Tensor<std::int64_t, Shape<2, 5, 4>> places;
    for (index_t i = 0; i < places.size(); ++i) places.data()[i] = i % 4 * 2 + i % 2;
    REQUIRE(gradcheck([&](auto& v) { return nn::MaxUnpool1d<2>{}(v, places) * 2.0; }, x));
}

static_assert(std::same_as<output_of<nn::MaxPool3d<2>, Shape<dyn, 3, 8, 6, 5>>, Shape<dyn, 3, 4, 3, 2>>);
static_assert(!accepts<nn::MaxPool3d<2>, Shape<3, 8, 1, 5>>);
static_assert(std::same_as<output_of<nn::LPPool1d<2>, Shape<dyn, 3, 8>>, Shape<dyn, 3, 4>>);
