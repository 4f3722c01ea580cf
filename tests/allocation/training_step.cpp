// A training step after the first takes nothing from the heap.
#include <catch2/catch.hpp>

#include "../support/networks.hpp"
#include "counter.hpp"
#include "xnn/nn/freeze.hpp"

using namespace xnn;

namespace {

template <class Model, class Optimizer>
std::size_t allocations_of_later_steps(Model& model, Optimizer& optimizer) {
    const networks::Images<float, 16> batch;
    nn::CrossEntropyLoss criterion;
    std::size_t before = 0;
    double checksum = 0;
    for (int step = 0; step < 5; ++step) {
        if (step == 2) before = allocations();
        optimizer.zero_grad();
        auto logits = model(batch.images);
        auto loss = criterion(logits, batch.labels);
        loss.backward();
        optimizer.step();
        checksum += static_cast<double>(loss.item()) + static_cast<double>(*logits.value().data);
    }
    const std::size_t taken = allocations() - before;
    REQUIRE(checksum == checksum);
    return taken;
}

}  // namespace

TEST_CASE("allocation: the counter counts") {
    const std::size_t before = allocations();
    ::operator delete(::operator new(16));  // unlike a new expression, not to be optimised away
    REQUIRE(allocations() > before);
}

TEMPLATE_TEST_CASE("allocation: a training step after the first allocates nothing", "", networks::Mlp<>, networks::LeNet<>,
                   networks::Residual<>, networks::Normalized<>, networks::UpAndDown<>) {
    SECTION("SGD") {
        TestType model;
        optim::SGD optimizer{model, {.lr = 0.01, .momentum = 0.9}};
        REQUIRE(allocations_of_later_steps(model, optimizer) == 0);
    }
    SECTION("Adam") {
        TestType model;
        optim::Adam optimizer{model, {.lr = 1e-3}};
        REQUIRE(allocations_of_later_steps(model, optimizer) == 0);
    }
}

namespace {

/// Requires that a second and a third answer take nothing from the heap.
template <class Model>
void require_free_answers(const Model& model) {
    const networks::Images<float, 16> batch;
    Tensor<float, Shape<16, 10>> logits;
    std::size_t before = 0;
    for (int step = 0; step < 3; ++step) {
        if (step == 1) before = allocations();
        const NoGradGuard guard;
        logits = model(batch.images);
    }
    REQUIRE(allocations() == before);
}

}  // namespace

TEST_CASE("allocation: an evaluation after the first allocates nothing") {
    require_free_answers(networks::LeNet<>{});
    using Normed = nn::Sequential<nn::Conv2d<1, 4, 3>, nn::BatchNorm2d<4>, nn::ReLU, nn::Flatten<>, nn::Linear<2704, 10>>;
    require_free_answers(nn::freeze(Normed{}));
}
