// Winograd's convolution against products in double: extents that fill no tile or register, any padding, what results are
// added to, and how many digits it keeps.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "xnn/cpu/conv.hpp"

using namespace xnn;
using namespace xnn::kernels;

namespace {

/// The same numbers in float and in double.
struct Numbers {
    std::vector<float> f;
    std::vector<double> d;

    Numbers(index_t size, std::mt19937& random) {
        std::normal_distribution<float> distribution;
        for (index_t i = 0; i < size; ++i) d.push_back(static_cast<double>(f.emplace_back(distribution(random))));
    }
};

/// The worst error in units of the results' typical size.
double worst_error(const Numbers& got) {
    double worst = 0, squares = 0;
    for (std::size_t i = 0; i < got.d.size(); ++i) {
        const double error = std::abs(static_cast<double>(got.f[i]) - got.d[i]);
        if (!(error <= worst)) worst = error;
        squares += got.d[i] * got.d[i];
    }
    return worst / std::sqrt(squares / static_cast<double>(got.d.size()));
}

/// Sums of n products in float are off by about this much, in units of their typical size.
double bound(index_t n) { return 1e-6 * (5 + std::sqrt(static_cast<double>(n))); }

ConvGeometry geometry(index_t batch, index_t in, index_t out, index_t height, index_t width, Dims<3> before, Dims<3> after) {
    return {.batch = batch, .in_channels = in, .out_channels = out, .input = {1, height, width}, .kernel = {1, 3, 3}, .pad_before = before, .pad_after = after};
}

void check(const ConvGeometry& g, std::mt19937& random) {
    INFO("batch " << g.batch << ", " << g.in_channels << " -> " << g.out_channels << ", input " << g.input[1] << " x " << g.input[2] << ", before "
                  << g.pad_before[1] << ", " << g.pad_before[2] << ", after " << g.pad_after[1] << ", " << g.pad_after[2]);
    const Numbers x(g.batch * g.in_channels * g.input_size(), random), w(g.out_channels * g.weights_per_output(), random), bias(g.out_channels, random);
    const Numbers gy(g.batch * g.out_channels * g.output_size(), random);
    const index_t length = g.weights_per_output();
    for (const bool accumulate : {false, true}) {
        Numbers y = gy, gx = x, gw = w;
        winograd_detail::forward(g, x.f.data(), w.f.data(), winograd_detail::weight_order(g), y.f.data(), {bias.f.data(), accumulate, true});
        conv_forward(Cpu{}, g, x.d.data(), w.d.data(), bias.d.data(), y.d.data(), Activation::relu, accumulate);
        CHECK(worst_error(y) < bound(length));

        const ConvGeometry turned = conv_detail::turned_over(g);
        REQUIRE(turned.output() == g.input);
        winograd_detail::forward(turned, gy.f.data(), w.f.data(), winograd_detail::turned_weight_order(turned), gx.f.data(), {nullptr, accumulate, false});
        conv_backward_data(Cpu{}, g, gy.d.data(), w.d.data(), gx.d.data(), accumulate);
        CHECK(worst_error(gx) < bound(turned.weights_per_output()));

        winograd_detail::backward_weight(g, x.f.data(), gy.f.data(), gw.f.data(), accumulate);
        conv_backward_weight(Cpu{}, g, x.d.data(), gy.d.data(), gw.d.data(), static_cast<double*>(nullptr), accumulate);
        CHECK(worst_error(gw) < bound(g.batch * g.output_size()));
    }
}

}  // namespace

TEST_CASE("winograd: layers of networks", "[cpu][conv]") {
    std::mt19937 random(1);
    check(geometry(2, 64, 64, 14, 14, {0, 1, 1}, {0, 1, 1}), random);
    check(geometry(5, 32, 48, 4, 4, {0, 1, 1}, {0, 1, 1}), random);
    check(geometry(1, 160, 33, 7, 30, {0, 1, 1}, {0, 1, 1}), random);
}

TEST_CASE("winograd: random geometries", "[cpu][conv]") {
    std::mt19937 random(2);
    const auto pick = [&](index_t low, index_t high) { return std::uniform_int_distribution<index_t>(low, high)(random); };
    for (int repeat = 0; repeat < 60; ++repeat)
        check(geometry(pick(1, 3), pick(1, 40), pick(1, 40), pick(5, 20), pick(5, 40), {0, pick(0, 2), pick(0, 2)}, {0, pick(-2, 3), pick(-2, 3)}), random);
}

TEST_CASE("winograd: weights that are kept give the same numbers, the same bits for any number of threads", "[cpu][conv]") {
    std::mt19937 random(3);
    // In one block, in several, and with weights that come in blocks of channels unless they are kept.
    for (const ConvGeometry& g : {geometry(1, 48, 40, 8, 8, {0, 1, 1}, {0, 1, 1}), geometry(4, 64, 72, 32, 28, {0, 1, 1}, {0, 1, 1}),
                                  geometry(1, 160, 33, 16, 8, {0, 1, 1}, {0, 1, 1})}) {
        REQUIRE(conv_detail::winograd_pays<float>(g));
        const Numbers x(g.batch * g.in_channels * g.input_size(), random), bias(g.out_channels, random);
        Numbers w(g.out_channels * g.weights_per_output(), random);
        const auto forward = [&](DerivedMemory* derived) {
            std::vector<float> y(static_cast<std::size_t>(g.batch * g.out_channels * g.output_size()));
            conv_forward(Cpu{}, g, x.f.data(), w.f.data(), bias.f.data(), y.data(), Activation::relu, false, derived);
            return y;
        };
        const auto largest_difference = [](const std::vector<float>& a, const std::vector<float>& b) {
            float largest = 0;
            for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
            return static_cast<double>(largest);
        };
        // A typical result is as large as the root of the number of products.
        const double tolerance = bound(g.weights_per_output()) * std::sqrt(static_cast<double>(g.weights_per_output()));
        DerivedMemory derived;
        const std::vector<float> expected = forward(&derived);
        CHECK(largest_difference(expected, forward(nullptr)) < tolerance);
        const int threads_before = get_num_threads();
        for (const int threads : {1, 2, 4}) {
            set_num_threads(threads);
            DerivedMemory other;
            CHECK((forward(&other) == expected && forward(&other) == expected));
        }
        set_num_threads(threads_before);
        w = Numbers(static_cast<index_t>(w.f.size()), random);
        CHECK((forward(&derived) == expected));  // they are kept indeed
        derived.forget();
        CHECK(largest_difference(forward(&derived), forward(nullptr)) < tolerance);
    }
}

TEST_CASE("winograd: chosen for what has many channels and pixels, not for what is dominated by its weights", "[cpu][conv]") {
    using conv_detail::winograd_fits;
    using conv_detail::winograd_pays;
    const Dims<3> padding{0, 1, 1};
    CHECK(winograd_pays<float>(geometry(4, 64, 64, 56, 56, padding, padding)));
    CHECK(winograd_pays<float>(geometry(16, 16, 16, 32, 32, padding, padding)));
    CHECK_FALSE(winograd_pays<float>(geometry(1, 512, 512, 4, 4, padding, padding)));
    CHECK_FALSE(winograd_pays<float>(geometry(16, 3, 64, 32, 32, padding, padding)));
    ConvGeometry g = geometry(4, 64, 64, 56, 56, padding, padding);
    g.stride = {1, 1, 2};
    CHECK_FALSE(winograd_fits(g));
    g = geometry(4, 64, 64, 56, 56, {0, 3, 1}, padding);
    CHECK_FALSE(winograd_fits(g));
}
