// Functions of arrays under their names: values against the C library in every dtype, gradients against differences.
#include "xnn/ops/pointwise.hpp"

#include "support/arrays.hpp"
#include "xnn/ops/activation.hpp"
#include "xnn/ops/comparison.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

// f on 37 numbers of [low, high), against a function of double; and its gradient.
template <bool Smooth = true, class F, class G>
void check(F f, G g, double low, double high) {
    const auto in = [&]<class T>(T, double tolerance) {
        const auto x = random_tensor<T>(Shape<37>{}, low, high);
        std::vector<double> expected;
        for (auto v : x) expected.push_back(g(static_cast<double>(v)));
        static_assert(std::same_as<value_t<decltype(f(x))>, T>);
        require_close(values(f(x)), expected, tolerance);
    };
    in(0.0, 1e-13);
    in(0.0F, 2e-6);
    if constexpr (Smooth) {
        auto p = random_parameter(Shape<19>{}, low, high);
        REQUIRE(gradcheck([&](auto& x) { return f(x * 0.5 + 0.5 * x); }, p));
    }
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

#define CHECK_STEPS(expression, reference, ...) \
    check<false>([](const auto& x) { return expression; }, [](double v) -> double { return reference; }, __VA_ARGS__)
#define CHECK_FUNCTION(expression, reference, ...) \
    check([](const auto& x) { return expression; }, [](double v) -> double { return reference; }, __VA_ARGS__)

TEST_CASE("pointwise: elementary functions", "[pointwise]") {
    CHECK_FUNCTION(abs(x), std::fabs(v), -2, 2);
    CHECK_FUNCTION(neg(x), -v, -2, 2);
    CHECK_FUNCTION(square(x), v * v, -2, 2);
    CHECK_FUNCTION(reciprocal(x), 1 / v, 0.5, 2);
    CHECK_STEPS(sign(x), (v > 0) - (v < 0), -2, 2);
    CHECK_STEPS(floor(x), std::floor(v), -3, 3);
    CHECK_STEPS(ceil(x), std::ceil(v), -3, 3);
    CHECK_STEPS(round(x), std::nearbyint(v), -3, 3);
    CHECK_STEPS(trunc(x), std::trunc(v), -3, 3);
    CHECK_FUNCTION(frac(x), v - std::trunc(v), 0.1, 0.9);
    CHECK_FUNCTION(clamp(x, -0.5, 1), std::clamp(v, -0.5, 1.0), -2, 2);
    CHECK_FUNCTION(clamp_min(x, 0.25), std::max(v, 0.25), -2, 2);
    CHECK_FUNCTION(clamp_max(x, 0.25), std::min(v, 0.25), -2, 2);
    CHECK_FUNCTION(exp(x), std::exp(v), -2, 2);
    CHECK_FUNCTION(exp2(x), std::exp2(v), -2, 2);
    CHECK_FUNCTION(expm1(x), std::expm1(v), -2, 2);
    CHECK_FUNCTION(log(x), std::log(v), 0.5, 4);
    CHECK_FUNCTION(log2(x), std::log2(v), 0.5, 4);
    CHECK_FUNCTION(log10(x), std::log10(v), 0.5, 4);
    CHECK_FUNCTION(log1p(x), std::log1p(v), -0.5, 4);
    CHECK_FUNCTION(sqrt(x), std::sqrt(v), 0.5, 4);
    CHECK_FUNCTION(rsqrt(x), 1 / std::sqrt(v), 0.5, 4);
    CHECK_FUNCTION(pow(x, 3), v * v * v, -1.5, 1.5);
    CHECK_FUNCTION(pow(x, 2.5), std::pow(v, 2.5), 0.5, 1.5);
    CHECK_FUNCTION(pow(2, x), std::pow(2, v), -2, 2);
}

TEST_CASE("pointwise: trigonometric, hyperbolic and special functions", "[pointwise]") {
    CHECK_FUNCTION(sin(x), std::sin(v), -3, 3);
    CHECK_FUNCTION(cos(x), std::cos(v), -3, 3);
    CHECK_FUNCTION(tan(x), std::tan(v), -1, 1);
    CHECK_FUNCTION(asin(x), std::asin(v), -0.9, 0.9);
    CHECK_FUNCTION(acos(x), std::acos(v), -0.9, 0.9);
    CHECK_FUNCTION(atan(x), std::atan(v), -3, 3);
    CHECK_FUNCTION(sinh(x), std::sinh(v), -2, 2);
    CHECK_FUNCTION(cosh(x), std::cosh(v), -2, 2);
    CHECK_FUNCTION(tanh(x), std::tanh(v), -2, 2);
    CHECK_FUNCTION(asinh(x), std::asinh(v), -2, 2);
    CHECK_FUNCTION(acosh(x), std::acosh(v), 1.5, 4);
    CHECK_FUNCTION(atanh(x), std::atanh(v), -0.9, 0.9);
    CHECK_FUNCTION(erf(x), std::erf(v), -2, 2);
    CHECK_FUNCTION(erfc(x), std::erfc(v), -2, 2);
    CHECK_FUNCTION(lgamma(x), std::lgamma(v), 0.5, 4);
    CHECK_FUNCTION(logit(x), std::log(v / (1 - v)), 0.1, 0.9);
    CHECK_FUNCTION(sinc(x), std::sin(M_PI * v) / (M_PI * v), 0.1, 2);
}

TEST_CASE("pointwise: activations", "[pointwise]") {
    CHECK_FUNCTION(relu(x), std::max(v, 0.0), -2, 2);
    CHECK_FUNCTION(relu6(x), std::clamp(v, 0.0, 6.0), -2, 8);
    CHECK_FUNCTION(sigmoid(x), sigmoid_of(v), -2, 2);
    CHECK_FUNCTION(logsigmoid(x), std::log(sigmoid_of(v)), -2, 2);
    CHECK_FUNCTION(silu(x), v * sigmoid_of(v), -2, 2);
    CHECK_FUNCTION(mish(x), v * std::tanh(std::log1p(std::exp(v))), -2, 2);
    CHECK_FUNCTION(gelu(x), v * 0.5 * std::erfc(-v / std::sqrt(2)), -2, 2);
    CHECK_FUNCTION(gelu<GeluApproximation::tanh>(x), 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))), -2, 2);
    CHECK_FUNCTION(softsign(x), v / (1 + std::fabs(v)), -2, 2);
    CHECK_FUNCTION(tanhshrink(x), v - std::tanh(v), -2, 2);
    CHECK_FUNCTION(hardsigmoid(x), std::clamp(v + 3, 0.0, 6.0) / 6, -4, 4);
    CHECK_FUNCTION(hardswish(x), v * std::clamp(v + 3, 0.0, 6.0) / 6, -4, 4);
    CHECK_FUNCTION(hardtanh(x), std::clamp(v, -1.0, 1.0), -2, 2);
    CHECK_FUNCTION(elu(x, 1.5), v > 0 ? v : 1.5 * std::expm1(v), -2, 2);
    CHECK_FUNCTION(celu(x, 1.5), v > 0 ? v : 1.5 * std::expm1(v / 1.5), -2, 2);
    CHECK_FUNCTION(leaky_relu(x, 0.25), v > 0 ? v : 0.25 * v, -2, 2);
    CHECK_FUNCTION(threshold(x, 0.5, 7), v > 0.5 ? v : 7, -2, 2);
    CHECK_FUNCTION(hardshrink(x), std::fabs(v) > 0.5 ? v : 0, -2, 2);
    CHECK_FUNCTION(softshrink(x), v > 0.5 ? v - 0.5 : v < -0.5 ? v + 0.5 : 0, -2, 2);
    CHECK_FUNCTION(softplus(x, 2), std::log1p(std::exp(2 * v)) / 2, -2, 2);
}

TEST_CASE("pointwise: 16-bit types are computed in float and rounded once", "[pointwise]") {
    const auto in = []<class T>(T, double tolerance) {
        const auto x = random_tensor<T>(Shape<37>{}, 0.2, 2);
        std::vector<double> expected;
        for (auto v : x) expected.push_back(std::log(std::exp(static_cast<double>(v)) + 1) * std::tanh(static_cast<double>(v)) - 3);
        const auto y = log(exp(x) + 1) * tanh(x) - 3;
        static_assert(std::same_as<value_t<decltype(y)>, T>);
        require_close(values(y), expected, tolerance);
    };
    in(bfloat16(0), 1.0 / 256);
    in(float16(0), 1.0 / 2048);
}

TEST_CASE("pointwise: functions of several arrays", "[pointwise]") {
    auto a = random_parameter(Shape<3, 7>{}, 0.5, 2);
    auto b = random_parameter(Shape<7>{}, 0.5, 2, 2);
    auto w = random_parameter(Shape<3, 1>{}, 0.1, 0.9, 3);
    REQUIRE(gradcheck([](auto& x, auto& y) { return pow(x, y); }, a, b));
    REQUIRE(gradcheck([](auto& x, auto& y) { return maximum(x, y) * minimum(y, x); }, a, b));
    REQUIRE(gradcheck([](auto& x, auto& y) { return hypot(x, y) + atan2(x, y) + logaddexp(x, y) + xlogy(x, y); }, a, b));
    REQUIRE(gradcheck([](auto& x, auto& y) { return fmod(x, y) + copysign(x, -y); }, a, b));
    REQUIRE(gradcheck([](auto& x, auto& y, auto& z) { return lerp(x, y, z) + addcmul(x, y, z, 2) + addcdiv(z, x, y, -1); }, a, b, w));
    REQUIRE(gradcheck([](auto& x, auto& y) { return where(x > y, x * y, y) + prelu(-x, y); }, a, b));
    REQUIRE(gradcheck([](auto& x, auto& y) { return add(x, y) * sub(x, y) / mul(x, 2) + div(y, 2); }, a, b));
    REQUIRE(gradcheck([](auto& x) { return lerp(x, 2.0, 0.25); }, a));
    const Tensor<float, Shape<4>> odd{NAN, INFINITY, -INFINITY, 1};
    require_close(values(nan_to_num(odd, {.nan = 5, .posinf = 6, .neginf = 7})), {5, 6, 7, 1});
}

TEST_CASE("pointwise: gradients pass through changes of dtype", "[pointwise]") {
    auto p = random_parameter<Shape<5>, float>();
    auto q = random_parameter<Shape<5>, bfloat16>();
    const auto y = to<double>(p) * to<double>(q);
    static_assert(std::same_as<value_t<decltype(y)>, double>);
    Tensor<double, Shape<5>> one;
    one.fill(1);
    y.backward(one.view());
    require_close(values(p.grad()), values(q), 1e-6);
    require_close(values(q.grad()), values(p), 1e-2);
    p.zero_grad();
    (p * q).backward(Tensor<float, Shape<5>>{1, 1, 1, 1, 1}.view());
    require_close(values(p.grad()), values(q), 1e-6);
}
