// Convolutions with every option, against PyTorch (tests/oracle/convolutions.py).
#include "xnn/nn/conv.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/cost.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;
using nn::ConvOptions;
using nn::ConvTransposeOptions;
using nn::Sizes;

namespace {

const Fixture& fixture() {
    static const Fixture file("convolutions.safetensors");
    return file;
}
template <class T, class S, class Layer>
void check(const std::string& name, Layer layer) {
    check_layer<T, S>(fixture(), name, layer);
}

using Line = Shape<2, 4, 9>;
using Image = Shape<2, 4, 6, 5>;
using Volume = Shape<2, 2, 4, 5, 3>;

}  // namespace

TEMPLATE_TEST_CASE("Conv1d is PyTorch's", "[nn][conv]", float, double) {
    using T = TestType;
    check<T, Line>("Conv1d", nn::Conv1d<4, 3, 3, ConvOptions{}, T>{});
    check<T, Line>("Conv1d same", nn::Conv1d<4, 3, 4, ConvOptions{.padding = nn::same, .dilation = 2}, T>{});
    check<T, Line>("Conv1d valid", nn::Conv1d<4, 6, 3, ConvOptions{.stride = 3, .padding = nn::valid, .groups = 2, .bias = false}, T>{});
    check<T, Line>("Conv1d circular", nn::Conv1d<4, 3, 5, ConvOptions{.padding = 3, .padding_mode = PaddingMode::circular}, T>{});
}

TEST_CASE("Conv2d is PyTorch's with every option", "[nn][conv]") {
    using T = double;
    check<T, Image>("Conv2d same", nn::Conv2d<4, 3, Sizes(2, 4), ConvOptions{.padding = nn::same}, T>{});
    check<T, Image>("Conv2d depthwise", nn::Conv2d<4, 8, 3, ConvOptions{.stride = {1, 2}, .padding = 1, .groups = 4}, T>{});
    check<T, Image>("Conv2d reflect", nn::Conv2d<4, 3, 3, ConvOptions{.stride = 2, .padding = {2, 1}, .padding_mode = PaddingMode::reflect}, T>{});
    constexpr ConvOptions replicate{.padding = 2, .dilation = {1, 2}, .groups = 4, .padding_mode = PaddingMode::replicate};
    check<T, Image>("Conv2d replicate", nn::Conv2d<4, 4, Sizes(3, 2), replicate, T>{});
    constexpr ConvOptions circular{.padding = {1, 2}, .bias = false, .padding_mode = PaddingMode::circular};
    check<T, Image>("Conv2d circular", nn::Conv2d<4, 3, 3, circular, T>{});
    constexpr ConvOptions reflect{.padding = nn::same, .padding_mode = PaddingMode::reflect};
    check<T, Image>("Conv2d same reflect", nn::Conv2d<4, 3, Sizes(4, 3), reflect, T>{});
}

TEST_CASE("Conv3d is PyTorch's", "[nn][conv]") {
    constexpr ConvOptions options{.stride = {2, 1, 1}, .padding = {1, 0, 2}, .dilation = {1, 2, 1}, .groups = 2, .bias = false};
    check<double, Volume>("Conv3d", nn::Conv3d<2, 3, 2, ConvOptions{}, double>{});
    check<float, Volume>("Conv3d", nn::Conv3d<2, 3, 2>{});
    check<double, Volume>("Conv3d options", nn::Conv3d<2, 4, Sizes(3, 2, 3), options, double>{});
    constexpr ConvOptions replicate{.padding = 1, .padding_mode = PaddingMode::replicate};
    check<double, Volume>("Conv3d replicate", nn::Conv3d<2, 3, Sizes(1, 2, 3), replicate, double>{});
}

TEMPLATE_TEST_CASE("convolutions compute 16-bit types in float", "[nn][conv]", float16, bfloat16) {
    using T = TestType;
    constexpr double loose = 3 * tolerance_of<T>;  // parameters and input are rounded, too
    nn::Conv2d<4, 3, 3, ConvOptions{.padding = {1, 2}, .bias = false, .padding_mode = PaddingMode::circular}, T> conv;
    check_layer<T, Image>(fixture(), "Conv2d circular", conv, loose);
    nn::ConvTranspose2d<4, 3, 2, ConvTransposeOptions{.stride = 2}, T> transposed;
    check_layer<T, Shape<2, 4, 3, 4>>(fixture(), "ConvTranspose2d", transposed, loose);
}

TEST_CASE("transposed convolutions are PyTorch's with every option", "[nn][conv]") {
    using T = double;
    using Small = Shape<2, 4, 3, 4>;
    check<T, Shape<2, 4, 5>>("ConvTranspose1d", nn::ConvTranspose1d<4, 3, 3, ConvTransposeOptions{}, T>{});
    constexpr ConvTransposeOptions line{.stride = 3, .padding = 1, .output_padding = 2, .groups = 2, .bias = false};
    check<T, Shape<2, 4, 5>>("ConvTranspose1d options", nn::ConvTranspose1d<4, 6, 4, line, T>{});
    check<T, Small>("ConvTranspose2d", nn::ConvTranspose2d<4, 3, 2, ConvTransposeOptions{.stride = 2}, T>{});
    check<float, Small>("ConvTranspose2d", nn::ConvTranspose2d<4, 3, 2, ConvTransposeOptions{.stride = 2}>{});
    constexpr ConvTransposeOptions image{.stride = {2, 1}, .padding = {1, 0}, .output_padding = 1, .groups = 2, .dilation = {1, 2}};
    check<T, Small>("ConvTranspose2d options", nn::ConvTranspose2d<4, 6, Sizes(3, 2), image, T>{});
    constexpr ConvTransposeOptions dilated{.stride = 2, .output_padding = 2, .dilation = 3};  // more than the stride
    check<T, Small>("ConvTranspose2d dilated", nn::ConvTranspose2d<4, 3, 3, dilated, T>{});
    constexpr ConvTransposeOptions depthwise{.stride = 2, .padding = 1, .output_padding = 1, .groups = 4};
    check<T, Small>("ConvTranspose2d depthwise", nn::ConvTranspose2d<4, 4, 3, depthwise, T>{});
    check<T, Small>("ConvTranspose2d pointwise", nn::ConvTranspose2d<4, 3, 1, ConvTransposeOptions{}, T>{});
    check<T, Shape<2, 2, 2, 3, 2>>("ConvTranspose3d", nn::ConvTranspose3d<2, 3, 2, ConvTransposeOptions{}, T>{});
    constexpr ConvTransposeOptions volume{.stride = {2, 1, 2}, .padding = {1, 0, 1}, .output_padding = {1, 0, 1}, .groups = 2, .dilation = {1, 2, 1}};
    check<T, Shape<2, 2, 2, 3, 2>>("ConvTranspose3d options", nn::ConvTranspose3d<2, 4, Sizes(3, 2, 3), volume, T>{});
}

TEST_CASE("shapes of convolutions are known to the compiler", "[nn][conv]") {
    using Same = nn::Conv2d<3, 8, Sizes(4, 5), ConvOptions{.padding = nn::same, .dilation = 3}>;
    static_assert(std::same_as<output_of<Same, Shape<dyn, 3, 20, dyn>>, Shape<dyn, 8, 20, dyn>>);
    using Up = nn::ConvTranspose2d<8, 4, 3, ConvTransposeOptions{.stride = 2, .padding = 1, .output_padding = 1}>;
    static_assert(std::same_as<output_of<Up, Shape<dyn, 8, 14, dyn>>, Shape<dyn, 4, 28, dyn>>);
    static_assert(!accepts<Up, Shape<1, 4, 14, 14>>);
    static_assert(!accepts<nn::ConvTranspose1d<1, 1, 2, ConvTransposeOptions{.padding = 3}>, Shape<1, 1, 5>>);
    using Mirrored = nn::Conv1d<1, 1, 7, ConvOptions{.padding = 3, .padding_mode = PaddingMode::reflect}>;
    static_assert(accepts<Mirrored, Shape<1, 1, 4>>);
    static_assert(!accepts<Mirrored, Shape<1, 1, 3>>);
    static_assert(flops<nn::ConvTranspose2d<4, 6, 2, ConvTransposeOptions{.stride = 2, .groups = 2}>, Shape<1, 4, 5, 5>> == 2 * 4 * 3 * 4 * 25);

    nn::ConvTranspose2d<8, 4, Sizes(3, 2), ConvTransposeOptions{.groups = 2}> layer;
    REQUIRE(layer.state_dict()[0].extents == std::vector<index_t>{8, 2, 3, 2});
    REQUIRE(layer.state_dict()[1].extents == std::vector<index_t>{4});
    const double bound = 1 / std::sqrt(2 * 3 * 2.0);  // PyTorch's fan_in is the second extent times the kernel
    double largest = 0;
    for (index_t i = 0; i < layer.weight.size(); ++i) largest = std::max(largest, std::fabs(static_cast<double>(layer.weight.data()[i])));
    REQUIRE(largest <= bound);
    REQUIRE(largest > 0.8 * bound);
}

TEST_CASE("images that are too small in this run are refused", "[nn][conv]") {
    const Tensor<float, Shape<1, 1, dyn>> line(Shape<1, 1, dyn>(3));
    nn::Conv1d<1, 1, 7, ConvOptions{.padding = 3, .padding_mode = PaddingMode::reflect}> mirrored;
    REQUIRE_ERROR(mirrored(line).value(), "pad", "(1, 1, 3)");
    nn::ConvTranspose1d<1, 1, 2, ConvTransposeOptions{.padding = 3}> transposed;
    REQUIRE_ERROR(transposed(line).value(), "conv_transpose", "(1, 1, 3)");
}
