// A GPT's training step after the first takes nothing from the heap, for extents that are known and for those of a run.
#include <catch2/catch.hpp>

#include "counter.hpp"
#include "xnn/models/gpt.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/optim/adamw.hpp"

using namespace xnn;

namespace {

using Gpt = models::Gpt<models::GptOptions{.layers = 3, .heads = 2, .width = 16, .context = 70, .vocabulary = 11}>;

template <AnyShape S>
std::size_t allocations_of_later_steps(double dropout) {
    Gpt model(dropout);
    optim::AdamW optimizer{model, {.lr = 1e-3}};
    Tensor<std::int64_t, S> tokens(S(Dims<2>{4, 70}));
    for (index_t i = 0; i < tokens.size(); ++i) tokens.data()[i] = i * 5 % 11;
    std::size_t before = 0;
    double checksum = 0;
    for (int step = 0; step < 5; ++step) {
        if (step == 2) before = allocations();
        optimizer.zero_grad();
        const auto loss = nn::CrossEntropyLoss<>{}(flatten<0, 1>(model(tokens)), flatten<0, 1>(tokens));
        loss.backward();
        optimizer.step();
        checksum += static_cast<double>(loss.item());
    }
    const std::size_t taken = allocations() - before;
    REQUIRE(checksum == checksum);
    return taken;
}

}  // namespace

TEST_CASE("allocation: a GPT's training step after the first allocates nothing") {
    REQUIRE(allocations_of_later_steps<Shape<4, 70>>(0) == 0);
    REQUIRE(allocations_of_later_steps<Shape<dyn, dyn>>(0.2) == 0);
}
