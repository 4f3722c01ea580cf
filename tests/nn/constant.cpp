// Networks of constants: what the compiler computes, agreement with the model, and the text that they are written as.
#include "xnn/nn/constant.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <sstream>

#include "xnn/xnn.hpp"

using namespace xnn;

namespace {

using Xor = nn::Sequential<nn::Linear<2, 2>, nn::Tanh, nn::Linear<2, 1>>;
constexpr nn::Constant<Xor> xor_net{{{{4, 4}, {3, 3}}, {-2, -5}}, {}, {{{2, -2}}, {-2}}};
static_assert(xor_net({1, 0})[0] > 1.5F && xor_net({0, 1})[0] > 1.5F);
static_assert(xor_net({0, 0})[0] < -1.5F && xor_net({1, 1})[0] < -1.5F);

constexpr nn::Constant<nn::Linear<3, 2, false>> without_bias{{{1, 2, 3}, {-1, 0, 1}}};
static_assert(without_bias({1, 10, 100}) == std::array{321.F, 99.F});

constexpr nn::Constant<nn::Sequential<nn::Linear<1, 2>, nn::ReLU, nn::Identity>> rectified{{{{1}, {-1}}, {0, 0}}, {}, {}};
static_assert(rectified({2}) == std::array{2.F, 0.F});

template <class T>
std::string text(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

/// The same numbers as the model's, to a few units in the last place of the largest terms.
template <class Model, index_t In, index_t Out>
void check_against_model() {
    manual_seed(3);
    Model model;
    const auto constant = nn::to_constant(model);
    for (int repeat = 0; repeat < 20; ++repeat) {
        const Tensor<float, Shape<1, In>> x = randn<Shape<1, In>>();
        std::array<float, In> features;
        std::copy_n(x.data(), In, features.begin());
        const Tensor<float, Shape<1, Out>> expected = model(x);
        const auto y = constant(features);
        for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == Approx(expected.data()[i]).epsilon(0).margin(2e-6));
    }
}

}  // namespace

TEST_CASE("constant networks answer as the models that they are made of", "[nn][constant]") {
    check_against_model<Xor, 2, 1>();
    check_against_model<nn::Sequential<nn::Linear<13, 40>, nn::Tanh, nn::Linear<40, 7, false>, nn::Sigmoid>, 13, 7>();
    check_against_model<nn::Sequential<nn::Sequential<nn::Named<"in", nn::Linear<3, 20>>, nn::ReLU>, nn::Linear<20, 3>>, 3, 3>();
}

TEST_CASE("constant networks are printed as they are written", "[nn][constant]") {
    CHECK(text(xor_net) == "{{{{4, 4}, {3, 3}}, {-2, -5}}, {}, {{{2, -2}}, {-2}}}");
    CHECK(text(without_bias) == "{{{1, 2, 3}, {-1, 0, 1}}}");

    nn::Linear<1, 1> layer;
    layer.weight.value() = Tensor<float, Shape<1, 1>>{0.1F};
    layer.bias.value() = Tensor<float, Shape<1>>{1e-20F};
    CHECK(text(nn::to_constant(layer)) == "{{{0.1}}, {1e-20}}");
    layer.bias.value() = Tensor<float, Shape<1>>{std::numeric_limits<float>::infinity()};
    CHECK_THROWS_AS(text(nn::to_constant(layer)), Error);
}

TEST_CASE("constant functions are as good as the library's", "[nn][constant]") {
    static_assert(xnn::detail::constant_tanh(0) == 0 && xnn::detail::constant_sigmoid(0) == 0.5);
    static_assert(xnn::detail::constant_tanh(-1e300) == -1 && xnn::detail::constant_sigmoid(1e300) == 1);
    for (double x : {-800.0, -36.5, -3.0, -0.7, -1e-3, -1e-300, 1e-9, 0.3466, 0.35, 1.0, 5.5, 19.5, 40.0, 750.0}) {
        CHECK(xnn::detail::constant_tanh(x) == Approx(std::tanh(x)).epsilon(2e-15));
        CHECK(xnn::detail::constant_sigmoid(x) == Approx(1 / (1 + std::exp(-x))).epsilon(2e-15).margin(1e-300));
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK((std::isnan(xnn::detail::constant_tanh(nan)) && std::isnan(xnn::detail::constant_sigmoid(nan))));
    CHECK(std::isnan(nn::Constant<nn::ReLU>{}(std::array{nan})[0]));
}
