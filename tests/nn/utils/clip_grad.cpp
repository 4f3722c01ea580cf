// Clipped gradients, against PyTorch's definition.
#include "xnn/nn/utils/clip_grad.hpp"

#include <limits>

#include "support/arrays.hpp"
#include "support/errors.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/ops/operators.hpp"

using namespace xnn;
using nn::utils::clip_grad_norm_;
using nn::utils::clip_grad_value_;

namespace {

// Gradients 3, -4, 12 in the weight and 0 in the bias: their norm is 13.
template <class T>
nn::Linear<3, 1, true, T> layer_with_gradients() {
    nn::Linear<3, 1, true, T> layer;
    const Tensor<T, Shape<1, 3>> x{T(3), T(-4), T(12)};
    sum(functional::linear(x, layer.weight)).backward();
    sum(layer.bias * 0).backward();
    return layer;
}

}  // namespace

TEMPLATE_TEST_CASE("clip_grad_norm_: one factor for all gradients", "[clip_grad]", float, double, bfloat16) {
    auto layer = layer_with_gradients<TestType>();
    REQUIRE(clip_grad_norm_(layer, 26) == Approx(13));
    REQUIRE(values(layer.weight.grad()) == std::vector<double>{3, -4, 12});
    REQUIRE(clip_grad_norm_(layer, 6.5) == Approx(13));
    require_close(values(layer.weight.grad()), {1.5, -2, 6}, 1e-2);
    REQUIRE(clip_grad_norm_(layer.weight, 1, std::numeric_limits<double>::infinity()) == Approx(6).epsilon(1e-2));
    require_close(values(layer.weight.grad()), {0.25, -1.0 / 3, 1}, 1e-2);
    REQUIRE(clip_grad_norm_(layer.parameters(), 0.5, std::numeric_limits<double>::infinity()) == Approx(1).epsilon(1e-2));
    require_close(values(layer.weight.grad()), {0.125, -1.0 / 6, 0.5}, 1e-2);
    clip_grad_value_(layer.parameters(), 0.25);
    require_close(values(layer.weight.grad()), {0.125, -1.0 / 6, 0.25}, 1e-2);
    layer.zero_grad();
    REQUIRE(clip_grad_norm_(layer, 1) == 0);
    REQUIRE(clip_grad_norm_(layer.parameters(), 1) == 0);
}

TEST_CASE("clip_grad_norm_: other norms", "[clip_grad]") {
    auto layer = layer_with_gradients<double>();
    REQUIRE(nn::utils::get_total_norm(layer, 1) == Approx(19));
    REQUIRE(nn::utils::get_total_norm(layer, 3) == Approx(std::cbrt(27.0 + 64 + 1728)));
    REQUIRE(nn::utils::get_total_norm(layer, 0) == 3);
    clip_grad_norm_(layer, 9.5, 1);
    require_close(values(layer.weight.grad()), {1.5, -2, 6}, 1e-6);  // PyTorch divides by the norm plus 1e-6
}

TEST_CASE("clip_grad_norm_: gradients that are not finite", "[clip_grad]") {
    auto layer = layer_with_gradients<float>();
    layer.weight.grad().data()[1] = std::numeric_limits<float>::quiet_NaN();
    REQUIRE_ERROR(clip_grad_norm_(layer, 1, 2, true), "clip_grad_norm_", "finite", "nan");
    REQUIRE(layer.weight.grad().data()[2] == 12);
    REQUIRE(std::isnan(clip_grad_norm_(layer, 1)));
    REQUIRE(std::isnan(layer.weight.grad().data()[2]));  // as in PyTorch: a NaN reaches all
}

TEST_CASE("clip_grad_value_: each element by itself", "[clip_grad]") {
    auto layer = layer_with_gradients<float>();
    clip_grad_value_(layer, 3.5);
    REQUIRE(values(layer.weight.grad()) == std::vector<double>{3, -3.5, 3.5});
}
