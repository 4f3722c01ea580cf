// The cost of a model as a constant: what it says is what a run takes.
#include <catch2/catch.hpp>

#include "../support/networks.hpp"
#include "../support/step_memory.hpp"

using namespace xnn;

namespace {

using Images = Shape<4, 1, 28, 28>;
using Lenet = networks::LeNet<>;
using Mlp = networks::Mlp<>;
using Residual = networks::Residual<>;

constexpr index_t linear(index_t rows, index_t in, index_t out) { return 2 * rows * in * out; }
static_assert(flops<Mlp, Images> == linear(4, 784, 32) + linear(4, 32, 10));
static_assert(flops<Lenet, Images> == 2 * 4 * (6 * 24 * 24 * 25 + 16 * 8 * 8 * 6 * 25) + linear(4, 256, 60) + linear(4, 60, 10));
static_assert(flops<Residual, Images> == linear(4, 784, 48) + 2 * linear(4, 48, 48) + linear(4, 48, 10));

/// A chain without names needs no constexpr.
struct Plain : nn::Module<Plain> {
    nn::Linear<8, 8> a, b;
    auto forward(auto x) const { return x + (x | a | nn::relu | b); }
};
static_assert(flops<Plain, Shape<3, 8>> == 2 * linear(3, 8, 8));
static_assert(flops<nn::Sequential<Plain, nn::ReLU, Plain>, Shape<3, 8>> == 4 * linear(3, 8, 8));

template <class Model>
Cost measured() {
    const Model model;
    const networks::Images<float, 4> batch;
    return step_memory<Shape<4, 10>>([&] { return model(batch.images); });
}

}  // namespace

TEMPLATE_TEST_CASE("cost: workspace_bytes is what a step takes where nothing has a name", "", networks::Mlp<>, networks::LeNet<>) {
    const Cost taken = measured<TestType>();
    REQUIRE(taken.forward_bytes + taken.backward_bytes == workspace_bytes<TestType, Images>);
}
TEMPLATE_TEST_CASE("cost: a step takes what is counted forward, and at most what is counted back", "", networks::Residual<>, networks::Normalized<>,
                   networks::UpAndDown<>) {
    const Cost taken = measured<TestType>(), counted = cost_of<Images>(TestType{});
    CHECK(taken.forward_bytes == counted.forward_bytes);
    CHECK(taken.backward_bytes <= counted.backward_bytes);
    CHECK(2 * taken.backward_bytes > counted.backward_bytes);
}

TEST_CASE("cost: a model at hand costs the same") {
    REQUIRE(cost_of<Images>(Lenet{}).flops == flops<Lenet, Images>);
    REQUIRE(cost_of<Images>(Residual{}).flops == flops<Residual, Images>);
}
