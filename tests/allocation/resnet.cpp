// A training step of a residual network after the first takes nothing from the heap, and as much workspace as its type says.
#include <catch2/catch.hpp>

#include "../support/formula.hpp"
#include "../support/step_memory.hpp"
#include "counter.hpp"
#include "xnn/models/resnet.hpp"
#include "xnn/nn/cost.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/optim/adam.hpp"

using namespace xnn;

namespace {

using Model = models::ResNet<models::BasicBlock, Dims<4>{2, 2, 2, 2}, 10, 4>;

template <AnyShape S>
std::size_t allocations_of_later_steps(const S& shape) {
    Model model;
    optim::Adam optimizer{model, {.lr = 1e-3}};
    const nn::CrossEntropyLoss<> criterion;
    const auto images = formula::images<float>(shape);
    const Tensor<std::int64_t, Shape<4>> labels{1, 2, 3, 4};
    std::size_t before = 0;
    double checksum = 0;
    for (int step = 0; step < 5; ++step) {
        if (step == 2) before = allocations();
        optimizer.zero_grad();
        auto loss = criterion(model(images), labels);
        loss.backward();
        optimizer.step();
        checksum += static_cast<double>(loss.item());
    }
    const std::size_t taken = allocations() - before;
    REQUIRE(checksum == checksum);
    return taken;
}

}  // namespace

TEST_CASE("allocation: a ResNet's step allocates nothing, for fixed and for dyn batch sizes") {
    REQUIRE(allocations_of_later_steps(Shape<4, 3, 32, 32>{}) == 0);
    REQUIRE(allocations_of_later_steps(Shape<dyn, 3, 32, 32>(4)) == 0);
}

TEST_CASE("cost: workspace_bytes is the most that a ResNet's step takes, and exact forward") {
    using Images = Shape<4, 3, 32, 32>;
    Model model;
    const auto images = formula::images<float, Images>();
    const Cost taken = step_memory<Shape<4, 10>>([&] { return model(images); }), counted = cost_of<Images>(model);
    CHECK(counted.forward_bytes + counted.backward_bytes == workspace_bytes<Model, Images>);
    CHECK(taken.forward_bytes == counted.forward_bytes);
    CHECK(taken.backward_bytes <= counted.backward_bytes);
}
