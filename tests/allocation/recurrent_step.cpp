// A training step of a recurrent network after the first takes nothing from the heap.
#include <catch2/catch.hpp>

#include "../support/sentences.hpp"
#include "counter.hpp"

using namespace xnn;

namespace {

template <class Model, AnyShape Words>
std::size_t allocations_of_later_steps(const Words& shape) {
    Model model;
    optim::Adam optimizer{model, {.lr = 1e-3}};
    const sentences::Batch<Words> batch(shape);
    nn::CrossEntropyLoss criterion;
    std::size_t before = 0;
    double checksum = 0;
    for (int step = 0; step < 5; ++step) {
        if (step == 2) before = allocations();
        optimizer.zero_grad();
        auto logits = model(batch.words, batch.lengths);
        auto loss = criterion(logits | nn::Flatten<0, 1>{}, batch.tags);
        loss.backward();
        optimizer.step();
        checksum += static_cast<double>(loss.item()) + static_cast<double>(*logits.value().data);
    }
    const std::size_t taken = allocations() - before;
    REQUIRE(checksum == checksum);
    return taken;
}

}  // namespace

TEMPLATE_TEST_CASE("allocation: a training step of a recurrent network after the first allocates nothing", "", sentences::Tagger<>, sentences::Stacked<>) {
    REQUIRE(allocations_of_later_steps<TestType>(Shape<24, 9>{}) == 0);
    REQUIRE(allocations_of_later_steps<TestType>(Shape<dyn, dyn>(24, 9)) == 0);
}
