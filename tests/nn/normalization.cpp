#include "xnn/nn/normalization.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"

using namespace xnn;
using nn::BatchNormOptions;
using nn::LayerNormOptions;

TEMPLATE_TEST_CASE("BatchNorm1d is PyTorch's, in training and out of it", "[nn]", float, double) {
    using T = TestType;
    nn::BatchNorm1d<4, BatchNormOptions{}, T> norm;
    check_layer<T, Shape<5, 4>>("BatchNorm1d", norm);
    check_layer<T, Shape<5, 4>>("BatchNorm1d again", norm);
    norm.eval();
    check_layer<T, Shape<5, 4>>("BatchNorm1d eval", norm);
    check_layer<T, Shape<3, 4, 5>>("BatchNorm1d lines", nn::BatchNorm1d<4, BatchNormOptions{}, T>{1e-3, 0.3});
}

TEMPLATE_TEST_CASE("BatchNorm2d is PyTorch's, also without momentum, parameters or statistics", "[nn]", float, double) {
    using T = TestType;
    nn::BatchNorm2d<4, BatchNormOptions{}, T> norm{1e-5, std::nullopt};
    check_layer<T, Shape<2, 4, 3, 2>>("BatchNorm2d", norm);
    check_layer<T, Shape<2, 4, 3, 2>>("BatchNorm2d again", norm);
    nn::BatchNorm2d<4, BatchNormOptions{.affine = false, .track_running_stats = false}, T> plain;
    plain.eval();
    check_layer<T, Shape<2, 4, 3, 2>>("BatchNorm2d plain", plain);
}

TEMPLATE_TEST_CASE("LayerNorm is PyTorch's", "[nn]", float, double, bfloat16) {
    using T = TestType;
    using S = Shape<3, 4, 5>;
    check_layer<T, S>("LayerNorm", nn::LayerNorm<Shape<5>, LayerNormOptions{}, T>{});
    check_layer<T, S>("LayerNorm 2", nn::LayerNorm<Shape<4, 5>, LayerNormOptions{}, T>{1e-3});
    check_layer<T, S>("LayerNorm no bias", nn::LayerNorm<Shape<5>, LayerNormOptions{.bias = false}, T>{});
    check_layer<T, S>("LayerNorm plain", nn::LayerNorm<Shape<5>, LayerNormOptions{.elementwise_affine = false}, T>{});
}

TEST_CASE("a batch normalisation's state has PyTorch's names", "[nn]") {
    nn::BatchNorm2d<3> norm;
    std::string names;
    for (const auto& entry : norm.state_dict()) names += entry.name + to_text(entry.extents) + " ";
    REQUIRE(names == "weight(3) bias(3) running_mean(3) running_var(3) num_batches_tracked() ");
    REQUIRE(norm.state_dict().back().dtype == Dtype::I64);
}

TEST_CASE("running statistics are updated once for each evaluation, however often its result is used", "[nn]") {
    nn::BatchNorm1d<2> norm;
    const Tensor<float, Shape<3, 2>> x{1, 2, 3, 4, 5, 9};
    const auto y = norm(x);
    REQUIRE(norm.num_batches_tracked.value().item() == 0);
    y.value();
    const Tensor<float, Shape<3, 2>> copy = y;
    REQUIRE(copy(0, 0) == y.value().data[0]);
    REQUIRE(norm.num_batches_tracked.value().item() == 1);
    REQUIRE(norm.running_mean.value()(0) == Approx(0.3));
    REQUIRE(norm.running_var.value()(1) == Approx(0.9 + 0.1 * 13));
    {
        NoGradGuard guard;
        norm(x).value();
    }
    REQUIRE(norm.num_batches_tracked.value().item() == 2);
}

TEST_CASE("one value for each channel has no variance to train with", "[nn]") {
    nn::BatchNorm1d<2> norm;
    const Tensor<float, Shape<1, 2>> x{1, 2};
    REQUIRE_ERROR(norm(x).value(), "batch_norm", "more than 1 value per channel", "(1, 2)");
    REQUIRE(norm.num_batches_tracked.value().item() == 0);
    REQUIRE(norm.running_mean.value()(0) == 0);
    norm.eval();
    REQUIRE(error_of([&] { norm(x).value(); }).empty());
}
