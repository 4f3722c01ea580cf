#include "xnn/nn/activation.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/containers.hpp"

using namespace xnn;

TEST_CASE("activations without options are PyTorch's", "[nn]") {
    using T = double;
    using S = Shape<3, 6>;
    check_layer<T, S>("ReLU", nn::ReLU{});
    check_layer<T, S>("ReLU6", nn::ReLU6{});
    check_layer<T, S>("Sigmoid", nn::Sigmoid{});
    check_layer<T, S>("LogSigmoid", nn::LogSigmoid{});
    check_layer<T, S>("SiLU", nn::SiLU{});
    check_layer<T, S>("Tanh", nn::Tanh{});
    check_layer<T, S>("Tanhshrink", nn::Tanhshrink{});
    check_layer<T, S>("GELU", nn::GELU{});
    check_layer<T, S>("GELUTanh", nn::GELUTanh{});
    check_layer<T, S>("SELU", nn::SELU{});
    check_layer<T, S>("Mish", nn::Mish{});
    check_layer<T, S>("Hardsigmoid", nn::Hardsigmoid{}, 1e-7);  // PyTorch's 1 / 6 is a float here
    check_layer<T, S>("Hardswish", nn::Hardswish{});
    check_layer<T, S>("Softsign", nn::Softsign{});
}

TEST_CASE("activations with options are PyTorch's, by default and otherwise", "[nn]") {
    using T = double;
    using S = Shape<3, 6>;
    check_layer<T, S>("LeakyReLU", nn::LeakyReLU{});
    check_layer<T, S>("LeakyReLU(0.2)", nn::LeakyReLU{0.2});
    check_layer<T, S>("ELU", nn::ELU{});
    check_layer<T, S>("ELU(0.5)", nn::ELU{0.5});
    check_layer<T, S>("CELU", nn::CELU{});
    check_layer<T, S>("CELU(0.5)", nn::CELU{0.5});
    check_layer<T, S>("Hardshrink", nn::Hardshrink{});
    check_layer<T, S>("Hardshrink(1)", nn::Hardshrink{1});
    check_layer<T, S>("Softshrink", nn::Softshrink{});
    check_layer<T, S>("Softshrink(1)", nn::Softshrink{1});
    check_layer<T, S>("Hardtanh", nn::Hardtanh{});
    check_layer<T, S>("Hardtanh(-2,0.5)", nn::Hardtanh{-2, 0.5});
    check_layer<T, S>("Softplus", nn::Softplus{});
    check_layer<T, S>("Softplus(2,1)", nn::Softplus{2, 1});
    check_layer<T, S>("Threshold(0.1,20)", nn::Threshold{0.1, 20});
    nn::RReLU rrelu{0.1, 0.4};
    rrelu.eval();
    check_layer<T, S>("RReLU eval", rrelu);
}

TEMPLATE_TEST_CASE("activations compute in every floating dtype", "[nn]", float, bfloat16, float16) {
    check_layer<TestType, Shape<3, 6>>("ReLU", nn::ReLU{});
    check_layer<TestType, Shape<3, 6>>("GELU", nn::GELU{});
    check_layer<TestType, Shape<2, 3, 4>>("Softmax(1)", nn::Softmax<1>{});
}

TEMPLATE_TEST_CASE("PReLU learns one slope, or one for each channel", "[nn]", float, double) {
    using T = TestType;
    check_layer<T, Shape<3, 6>>("PReLU", nn::PReLU<1, T>{});
    check_layer<T, Shape<3, 6>>("PReLU(6)", nn::PReLU<6, T>{});
    check_layer<T, Shape<2, 3, 2, 2>>("PReLU(3) image", nn::PReLU<3, T>{});
    REQUIRE(nn::PReLU<2, T>{}.weight.data()[1] == T(0.25));
}

TEST_CASE("softmax over each dimension is PyTorch's", "[nn]") {
    using T = double;
    using S = Shape<2, 3, 4>;
    check_layer<T, S>("Softmax(0)", nn::Softmax<0>{});
    check_layer<T, S>("Softmax(1)", nn::Softmax<1>{});
    check_layer<T, S>("Softmax(2)", nn::Softmax<2>{});
    check_layer<T, S>("Softmax(2)", nn::Softmax<-1>{});
    check_layer<T, S>("LogSoftmax(0)", nn::LogSoftmax<0>{});
    check_layer<T, S>("LogSoftmax(1)", nn::LogSoftmax<1>{});
    check_layer<T, S>("LogSoftmax(2)", nn::LogSoftmax<-1>{});
    check_layer<T, S>("Softmin(1)", nn::Softmin<1>{});
    check_layer<T, Shape<2, 3, 2, 2>>("Softmax2d", nn::Softmax2d{});
}

TEST_CASE("GLU gates one half with the other", "[nn]") {
    check_layer<double, Shape<3, 6>>("GLU", nn::GLU<>{});
    check_layer<double, Shape<2, 4, 3>>("GLU(1)", nn::GLU<1>{});
}

TEST_CASE("activations are functions too", "[nn]") {
    const Tensor<float, Shape<4>> x{-1, 0, 1, 2};
    const Tensor<float, Shape<4>> chained = x | nn::relu, called = nn::relu(x);
    for (index_t i = 0; i < 4; ++i) {
        REQUIRE(chained(i) == std::max(x(i), 0.0F));
        REQUIRE(called(i) == chained(i));
    }
}

TEST_CASE("RReLU draws a slope for each element, the same forward and back", "[nn]") {
    manual_seed(5);
    Parameter<double, Shape<1000>> x(Tensor<double, Shape<1000>>{}.fill(-1));
    const auto y = nn::RReLU{0.2, 0.6}(x);
    y.backward(Tensor<double, Shape<1000>>{}.fill(1).view());
    double sum = 0;
    for (index_t i = 0; i < 1000; ++i) {
        const double slope = -y.value().data[i];
        REQUIRE(slope >= 0.2);
        REQUIRE(slope < 0.6);
        REQUIRE(x.grad()(i) == slope);
        sum += slope;
    }
    REQUIRE(sum / 1000 == Approx(0.4).margin(0.02));
}

TEST_CASE("options that make no sense are refused", "[nn]") {
    REQUIRE_ERROR(nn::CELU{0}, "CELU", "alpha");
    REQUIRE_ERROR(nn::Softshrink{-1}, "Softshrink", "at least 0", "-1");
    REQUIRE_ERROR((nn::Hardtanh{1, 1}), "Hardtanh", "max_val");
    REQUIRE_ERROR((nn::RReLU{1, 0.5}), "RReLU", "lower");
}
