// Recurrent networks: the same bits for any number of threads, and what they cost.
#include <catch2/catch.hpp>

#include "../support/sentences.hpp"
#include "../support/step_memory.hpp"
#include "../support/trained.hpp"

using namespace xnn;

namespace {

using Lstm = nn::LSTM<8, 16, nn::LSTMOptions{.num_layers = 2, .bidirectional = true, .proj_size = 4}>;
using Lines = Shape<5, 3, 8>;

/// An LSTM and what it costs to add up its output.
struct Added : nn::Module<Added> {
    Lstm lstm;
    nn::Linear<8, 3> fc;
    constexpr auto forward(auto x) const { return fc(lstm(std::move(x)).output); }
};
constexpr index_t rows = 5 * 3;
static_assert(flops<nn::LSTM<8, 16>, Lines> == 2 * rows * 64 * (8 + 16));
static_assert(flops<nn::GRU<8, 16, nn::GRUOptions{.bidirectional = true}>, Lines> == 2 * 2 * rows * 48 * (8 + 16));
static_assert(flops<Added, Lines> == 2 * 2 * 2 * rows * (64 * (8 + 4) + 16 * 4) + 2 * rows * 8 * 3);

}  // namespace

TEMPLATE_TEST_CASE("determinism: recurrent networks train to the same bits for 1, 2 and 4 threads", "", sentences::Tagger<>, sentences::Stacked<>) {
    require_same_bits<TestType>([](auto& model, int step) {
        const sentences::Batch<Shape<dyn, dyn>> batch(Shape<dyn, dyn>(70, 40), step);
        nn::CrossEntropyLoss{}(model(batch.words, batch.lengths) | nn::Flatten<0, 1>{}, batch.tags).backward();
    });
}

#ifndef XNN_DEFAULT_DEVICE  // costs are those of the kernels of the Cpu
TEST_CASE("cost: workspace_bytes of an LSTM is what a step takes") {
    Added model;
    const Tensor<float, Lines> x;
    const Cost taken = step_memory<Shape<5, 3, 3>>([&] { return model(x); });
    REQUIRE(taken.forward_bytes + taken.backward_bytes == workspace_bytes<Added, Lines>);
}
#endif
