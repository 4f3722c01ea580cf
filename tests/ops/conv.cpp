// Gradients of convolutions, paddings, unfold and fold against finite differences, as functions of any weight.
#include "xnn/ops/conv.hpp"

#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "xnn/nn/functional.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;
using nn::ConvOptions;
using nn::ConvTransposeOptions;
using nn::Sizes;
namespace F = nn::functional;

namespace {

template <index_t... D>
auto numbers(std::uint64_t seed) {
    return random_parameter(Shape<D...>{}, -2, 2, seed);
}

constexpr ConvOptions strided{.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}, .groups = 2};
constexpr ConvOptions reflect{.padding = 2, .groups = 2, .padding_mode = PaddingMode::reflect};
constexpr ConvTransposeOptions spread{.stride = {2, 3}, .padding = {1, 0}, .output_padding = {1, 2}, .groups = 2, .dilation = {1, 2}};
constexpr ConvTransposeOptions depthwise{.stride = 2, .groups = 2};
constexpr nn::UnfoldOptions windows{.dilation = {1, 2}, .padding = 1, .stride = {2, 1}};

}  // namespace

TEST_CASE("convolutions have the gradients of finite differences", "[ops][conv]") {
    auto x = numbers<2, 4, 5, 4>(1);
    auto w = numbers<4, 2, 3, 2>(2);
    auto b = numbers<4>(3);
    REQUIRE(gradcheck([](auto& x_, auto& w_, auto& b_) { return F::conv2d<strided>(x_, w_, b_); }, x, w, b));
    REQUIRE(gradcheck([](auto& x_, auto& w_) { return F::conv2d<ConvOptions{.padding = nn::same, .groups = 2}>(x_, w_); }, x, w));
    REQUIRE(gradcheck([](auto& x_, auto& w_, auto& b_) { return F::conv2d<reflect>(x_, w_, b_); }, x, w, b));
    // Used twice: the second use adds to what the first one has written.
    REQUIRE(gradcheck([](auto& x_, auto& w_, auto& b_) { return F::conv2d<strided>(x_, w_, b_) * F::conv2d<strided>(x_ * x_, w_, b_); }, x, w, b));
    auto line = numbers<1, 2, 6>(4);
    auto line_weight = numbers<3, 2, 3>(5);
    REQUIRE(gradcheck([](auto& x_, auto& w_) { return F::conv1d(x_, w_); }, line, line_weight));
    auto volume = numbers<1, 2, 3, 2, 4>(6);
    auto volume_weight = numbers<2, 2, 2, 1, 3>(7);
    REQUIRE(gradcheck([](auto& x_, auto& w_) { return F::conv3d<ConvOptions{.padding = 1}>(x_, w_); }, volume, volume_weight));
}

TEST_CASE("transposed convolutions have the gradients of finite differences", "[ops][conv]") {
    auto x = numbers<2, 4, 3, 2>(1);
    auto w = numbers<4, 1, 3, 2>(2);
    auto b = numbers<2>(3);
    REQUIRE(gradcheck([](auto& x_, auto& w_, auto& b_) { return F::conv_transpose2d<spread>(x_, w_, b_); }, x, w, b));
    REQUIRE(gradcheck([](auto& x_, auto& w_, auto& b_) { return F::conv_transpose2d<spread>(x_, w_, b_) * F::conv_transpose2d<spread>(x_, w_, b_); },
                      x, w, b));
    auto deep = numbers<2, 2, 3, 2>(4);  // one output channel for each input channel
    auto deep_weight = numbers<2, 1, 2, 2>(5);
    REQUIRE(gradcheck([](auto& x_, auto& w_) { return F::conv_transpose2d<depthwise>(x_, w_) * F::conv_transpose2d<depthwise>(x_, w_); }, deep, deep_weight));
    auto line = numbers<1, 2, 4>(6);
    auto line_weight = numbers<2, 3, 3>(7);
    REQUIRE(gradcheck([](auto& x_, auto& w_) { return F::conv_transpose1d(x_, w_); }, line, line_weight));
    auto volume = numbers<1, 2, 2, 1, 3>(8);
    auto volume_weight = numbers<2, 2, 1, 2, 2>(9);
    REQUIRE(gradcheck([](auto& x_, auto& w_) { return F::conv_transpose3d<ConvTransposeOptions{.stride = 2}>(x_, w_); }, volume, volume_weight));
}

TEST_CASE("paddings and patches have the gradients of finite differences", "[ops][pad]") {
    auto x = numbers<2, 4, 3>(1);
    REQUIRE(gradcheck([](auto& v) { return F::pad<Pads(1, 2, 3, 0), PaddingMode::reflect>(v); }, x));
    REQUIRE(gradcheck([](auto& v) { return F::pad<Pads(4, 1, 0, 2), PaddingMode::replicate>(v) * F::pad<Pads(4, 1, 0, 2)>(v); }, x));
    REQUIRE(gradcheck([](auto& v) { return F::pad<Pads(3, 1, 4, 2), PaddingMode::circular>(v); }, x));
    REQUIRE(gradcheck([](auto& v) { return F::pad<Pads(-1, 2, 1, -2, 1, 1)>(v, 0.5) * F::pad<Pads(-1, 2, 1, -2, 1, 1)>(v); }, x));
    auto images = numbers<2, 2, 4, 3>(2);
    REQUIRE(gradcheck([](auto& v) { return F::unfold<2, windows>(v) * F::unfold<2, windows>(v * v); }, images));
    auto patches = numbers<2, 8, 6>(3);
    REQUIRE(gradcheck([](auto& v) { return F::fold<Sizes(4, 3), 2>(v) * F::fold<Sizes(4, 3), 2>(v); }, patches));
}

TEST_CASE("pad moves elements of any dtype", "[ops][pad]") {
    const Tensor<std::int64_t, Shape<2, 3>> x{1, 2, 3, 4, 5, 6};
    REQUIRE(values(F::pad<Pads(1, 1)>(x, 7)) == std::vector<double>{7, 1, 2, 3, 7, 7, 4, 5, 6, 7});
    REQUIRE(values(F::pad<Pads(2, 1), PaddingMode::reflect>(x)) == std::vector<double>{3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5});
    REQUIRE(values(F::pad<Pads(2, 1), PaddingMode::circular>(x)) == std::vector<double>{2, 3, 1, 2, 3, 1, 5, 6, 4, 5, 6, 4});
    REQUIRE(values(F::pad<Pads(0, -1, 1, 0)>(x)) == std::vector<double>{0, 0, 1, 2, 4, 5});
    REQUIRE(values(F::pad<Pads(-3, 0)>(x)).empty());
    const Tensor<bool, Shape<2>> flags{true, false};
    REQUIRE(values(F::pad<Pads(1, 0)>(flags, 1)) == std::vector<double>{1, 1, 0});
}

TEST_CASE("fold after unfold counts how often each element was seen", "[ops][fold]") {
    Tensor<float, Shape<1, 1, 3, 3>> ones;
    ones.fill(1);
    REQUIRE(values(F::fold<Sizes(3, 3), 2>(F::unfold<2>(ones))) == std::vector<double>{1, 2, 1, 2, 4, 2, 1, 2, 1});
}

TEST_CASE("the number of threads changes no bit of padding and patches", "[ops][pad][threads]") {
    auto images = random_parameter<Shape<4, 8, 15, 17>, float>();
    require_same_for_any_threads([&] {
        images.zero_grad();
        const auto y = F::pad<Pads(3, 2, 1, 4), PaddingMode::circular>(F::fold<Sizes(15, 17), 3>(F::unfold<3>(images)));
        auto result = values(y);
        sum(y * y).backward();
        for (const float g : images.grad()) result.push_back(static_cast<double>(g));
        return result;
    });
}
