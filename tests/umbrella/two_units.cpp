// xnn.hpp in two translation units of one program: it links, and both share what a program has once.
#include <catch2/catch.hpp>

#include "other_unit.hpp"

using namespace xnn;
using umbrella::Net;

TEST_CASE("two translation units use the same templates") {
    manual_seed(3);
    const umbrella::Input x = randn<Shape<5, 4>>();
    const umbrella::Labels labels{0, 1, 2, 0, 1};
    Net net;
    Net copy = net;

    optim::SGD optimizer{copy, {.lr = 0.1}};
    const auto loss = nn::CrossEntropyLoss{}(copy(x), labels);
    loss.backward();
    optimizer.step();

    CHECK(umbrella::train_in_other_unit(net, x, labels) == loss.item());
    const Tensor<float, Shape<5, 3>> here = copy(x), there = net(x);
    for (index_t i = 0; i < here.size(); ++i) CHECK(here.data()[i] == there.data()[i]);
}

TEST_CASE("two translation units share the default generator and the grad mode") {
    CHECK(umbrella::generator_of_other_unit() == &default_generator());
    CHECK(umbrella::gradients_enabled_in_other_unit());
    const NoGradGuard guard;
    CHECK_FALSE(umbrella::gradients_enabled_in_other_unit());
}
