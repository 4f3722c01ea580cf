#include "xnn/nn/init.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/sparse.hpp"

using namespace xnn;
namespace init = nn::init;

namespace {

struct Statistics {
    double mean = 0, std = 0, low = 1e300, high = -1e300;
};
template <class W>
Statistics statistics_of(const W& weight) {
    Statistics result;
    double squares = 0;
    const auto n = static_cast<double>(weight.size());
    for (index_t i = 0; i < weight.size(); ++i) {
        const double x = static_cast<double>(weight.data()[i]);
        result.mean += x / n;
        squares += x * x / n;
        result.low = std::min(result.low, x);
        result.high = std::max(result.high, x);
    }
    result.std = std::sqrt(squares - result.mean * result.mean);
    return result;
}
template <class W>
void require_uniform(const W& weight, double bound) {
    const auto s = statistics_of(weight);
    REQUIRE(s.low >= -bound);
    REQUIRE(s.high <= bound);
    REQUIRE(s.mean == Approx(0).margin(0.03 * bound));
    REQUIRE(s.std == Approx(bound / std::sqrt(3.0)).epsilon(0.03));
}
template <class W>
void require_normal(const W& weight, double mean, double std) {
    const auto s = statistics_of(weight);
    REQUIRE(s.mean == Approx(mean).margin(0.04 * std));
    REQUIRE(s.std == Approx(std).epsilon(0.04));
}

}  // namespace

TEST_CASE("initial values have PyTorch's distributions", "[nn]") {
    manual_seed(1);
    Tensor<double, Shape<100, 60>> w;
    require_uniform(init::uniform_(w, -2, 2), 2);
    require_normal(init::normal_(w, 3, 0.5), 3, 0.5);
    require_uniform(init::xavier_uniform_(w, 2), 2 * std::sqrt(6.0 / 160));
    require_normal(init::xavier_normal_(w), 0, std::sqrt(2.0 / 160));
    require_uniform(init::kaiming_uniform_(w), std::sqrt(6.0 / 60));
    require_normal(init::kaiming_normal_(w, 0, init::FanMode::fan_out, init::Nonlinearity::relu), 0, std::sqrt(2.0 / 100));
    require_normal(init::kaiming_normal_(w, 1), 0, std::sqrt(1.0 / 60));
    Tensor<float, Shape<20, 6, 5, 5>> kernel;
    require_uniform(init::kaiming_uniform_(kernel), std::sqrt(6.0 / 150));
    const auto truncated = statistics_of(init::trunc_normal_(w, 0, 1, -1, 2));
    REQUIRE(truncated.low >= -1);
    REQUIRE(truncated.high <= 2);
    REQUIRE(truncated.mean == Approx(0.2296).margin(0.03));
    REQUIRE(truncated.std == Approx(0.7229).epsilon(0.04));
    REQUIRE(statistics_of(init::ones_(w)).low == 1);
    REQUIRE(statistics_of(init::zeros_(w)).high == 0);
    REQUIRE(statistics_of(init::constant_(w, 2.5)).mean == Approx(2.5));
}

TEST_CASE("gains are PyTorch's", "[nn]") {
    using init::Nonlinearity;
    REQUIRE(init::calculate_gain(Nonlinearity::linear) == 1);
    REQUIRE(init::calculate_gain(Nonlinearity::sigmoid) == 1);
    REQUIRE(init::calculate_gain(Nonlinearity::tanh) == 5.0 / 3);
    REQUIRE(init::calculate_gain(Nonlinearity::relu) == std::sqrt(2.0));
    REQUIRE(init::calculate_gain(Nonlinearity::leaky_relu, 0.2) == std::sqrt(2 / 1.04));
    REQUIRE(init::calculate_gain(Nonlinearity::selu) == 0.75);
}

TEST_CASE("orthogonal_ makes rows or columns orthonormal, whichever are fewer", "[nn]") {
    Tensor<double, Shape<7, 2, 2>> tall;
    init::orthogonal_(tall, 3);
    for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) {
            double dot = 0;
            for (int i = 0; i < 7; ++i) dot += tall.data()[i * 4 + a] * tall.data()[i * 4 + b];
            REQUIRE(dot == Approx(a == b ? 9 : 0).margin(1e-12));
        }
    Tensor<float, Shape<3, 8>> wide;
    init::orthogonal_(wide);
    for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) {
            double dot = 0;
            for (int i = 0; i < 8; ++i) dot += wide(a, i) * wide(b, i);
            REQUIRE(dot == Approx(a == b ? 1 : 0).margin(1e-6));
        }
}

TEST_CASE("sparse_, eye_ and dirac_ put zeros where they belong", "[nn]") {
    Tensor<float, Shape<10, 4>> sparse;
    init::sparse_(sparse, 0.25);
    for (int c = 0; c < 4; ++c) {
        int zeros = 0;
        for (int r = 0; r < 10; ++r) zeros += sparse(r, c) == 0;
        REQUIRE(zeros == 3);
    }
    Tensor<float, Shape<2, 3>> eye;
    init::eye_(eye);
    REQUIRE(std::vector<float>(eye.begin(), eye.end()) == std::vector<float>{1, 0, 0, 0, 1, 0});
    Tensor<float, Shape<4, 2, 3>> dirac;
    init::dirac_(dirac, 2);
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 2; ++i)
            for (int k = 0; k < 3; ++k) REQUIRE(dirac(o, i, k) == (k == 1 && o % 2 == i ? 1 : 0));
    REQUIRE_ERROR(init::dirac_(dirac, 3), "dirac_", "3");
    REQUIRE_ERROR(init::sparse_(sparse, 2), "sparse_", "[0, 1]");
}

TEST_CASE("layers begin as PyTorch's do, and the same seed gives the same model", "[nn]") {
    manual_seed(3);
    nn::Linear<200, 50> fc;
    require_uniform(fc.weight, 1 / std::sqrt(200.0));
    REQUIRE(statistics_of(fc.bias).high <= 1 / std::sqrt(200.0));
    nn::Conv2d<8, 20, 5> conv;
    require_uniform(conv.weight, 1 / std::sqrt(200.0));
    nn::Embedding<100, 30> table;
    require_normal(table.weight, 0, 1);
    manual_seed(3);
    nn::Linear<200, 50> again;
    REQUIRE(std::equal(fc.weight.data(), fc.weight.data() + fc.weight.size(), again.weight.data()));
}
