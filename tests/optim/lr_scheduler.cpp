#include "xnn/optim/lr_scheduler.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;
namespace lr_scheduler = optim::lr_scheduler;

namespace {

template <class Make>
void check_schedule(const std::string& name, Make&& make) {
    nn::Linear<1, 1> model;
    optim::SGD optimizer{model, {.lr = 0.3}};
    auto scheduler = make(optimizer);
    std::vector<double> rates{scheduler.get_last_lr()[0]};
    for (index_t epoch = 1; epoch <= 25; ++epoch) {
        scheduler.step();
        REQUIRE(scheduler.last_epoch == epoch);
        REQUIRE(scheduler.get_last_lr()[0] == optimizer.param_groups()[0].options.lr);
        rates.push_back(scheduler.get_last_lr()[0]);
    }
    Fixture("training.safetensors").require_close(rates.data(), static_cast<index_t>(rates.size()), "schedule/" + name, 1e-14);
}

}  // namespace

TEST_CASE("schedules are PyTorch's", "[optim]") {
    check_schedule("StepLR", [](auto& optimizer) { return lr_scheduler::StepLR{optimizer, 4, 0.5}; });
    check_schedule("CosineAnnealingLR", [](auto& optimizer) { return lr_scheduler::CosineAnnealingLR{optimizer, 6, 0.01}; });
}

TEST_CASE("LambdaLR multiplies each group's initial rate by a function of the epoch", "[optim]") {
    nn::Linear<1, 1> a, b;
    optim::SGD optimizer{{{a, {.lr = 1}}, {b, {.lr = 2}}}};
    lr_scheduler::LambdaLR scheduler{optimizer, [](index_t epoch) { return 1.0 / static_cast<double>(epoch + 4); }};
    REQUIRE(scheduler.get_last_lr() == std::vector<double>{0.25, 0.5});
    scheduler.step();
    REQUIRE(scheduler.get_last_lr() == std::vector<double>{0.2, 0.4});
    for (int i = 0; i < 5; ++i) scheduler.step();
    REQUIRE(scheduler.get_last_lr() == std::vector<double>{1.0 / 10, 2.0 / 10});
}

TEST_CASE("each group is scheduled from its own rate", "[optim]") {
    nn::Linear<1, 1> a, b;
    optim::SGD optimizer{{{a, {.lr = 1}}, {b, {.lr = 2}}}};
    lr_scheduler::StepLR scheduler{optimizer, 1};
    scheduler.step();
    REQUIRE(scheduler.get_last_lr() == std::vector<double>{0.1, 0.2});
    REQUIRE_ERROR((lr_scheduler::StepLR{optimizer, 0}), "StepLR", "step_size");
    REQUIRE_ERROR((lr_scheduler::CosineAnnealingLR{optimizer, 0}), "CosineAnnealingLR", "T_max");
}
