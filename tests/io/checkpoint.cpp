#include "xnn/io/checkpoint.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "../support/errors.hpp"
#include "../support/files.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/random.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/optim/adam.hpp"
#include "xnn/optim/adamw.hpp"
#include "xnn/optim/lr_scheduler.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;
using namespace xnn::io;
namespace lr_scheduler = optim::lr_scheduler;

namespace {

const std::filesystem::path fixtures = std::filesystem::path(XNN_FIXTURES) / "checkpoints";

using Net = nn::Sequential<nn::Linear<3, 4>, nn::Linear<4, 2>>;

template <class M>
std::vector<float> parameters_of(M& model) {
    std::vector<float> all;
    for (const auto& entry : model.state_dict())
        if (entry.dtype == Dtype::F32) all.insert(all.end(), static_cast<float*>(entry.data), static_cast<float*>(entry.data) + entry.size());
    return all;
}

/// A step of the trainings in tests/oracle/training_state.py.
void step(Net& model, optim::Optimizer& optimizer, lr_scheduler::LRScheduler& scheduler, std::int64_t number) {
    Tensor<float, Shape<5, 3>> x;
    for (index_t i = 0; i < x.size(); ++i) x.data()[i] = std::cos(static_cast<float>(i + number));
    optimizer.zero_grad();
    mean(square(model(x))).backward();
    optimizer.step();
    scheduler.step();
}

/// A training of PyTorch's that is read here goes on as PyTorch's does, and again from the file that is written here.
template <class MakeOptimizer, class MakeScheduler>
void check_training(const std::string& name, MakeOptimizer&& make_optimizer, MakeScheduler&& make_scheduler) {
    INFO(name);
    const TemporaryFolder temporary;
    const char* const kept = std::getenv("XNN_STATES_FOLDER");  // for PyTorch to go on from
    const auto again = (kept ? std::filesystem::path(kept) : temporary.path()) / ("training_" + name + ".pt");
    const auto path = fixtures / ("training_" + name + ".pt");
    Net model, after;
    auto optimizer = make_optimizer(model);
    auto scheduler = make_scheduler(optimizer);
    std::int64_t epoch = 0;
    load_checkpoint(path, {{"model", model}, {"optimizer", optimizer}, {"scheduler", scheduler}, {"epoch", epoch}});
    REQUIRE(epoch == 3);
    REQUIRE(scheduler.last_epoch == 3);
    save_checkpoint(again, {{"model", model}, {"optimizer", optimizer}, {"scheduler", scheduler}, {"epoch", epoch}});
    for (; epoch < 5; ++epoch) step(model, optimizer, scheduler, epoch);

    load_checkpoint(path, {{"after", after}});
    const auto expected = parameters_of(after), got = parameters_of(model);
    for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(got[i] == Approx(expected[i]).epsilon(1e-5).margin(1e-6));

    Net second;
    auto second_optimizer = make_optimizer(second);
    auto second_scheduler = make_scheduler(second_optimizer);
    load_checkpoint(again, {{"model", second}, {"optimizer", second_optimizer}, {"scheduler", second_scheduler}, {"epoch", epoch}});
    for (; epoch < 5; ++epoch) step(second, second_optimizer, second_scheduler, epoch);
    REQUIRE(parameters_of(second) == got);
}

}  // namespace

TEST_CASE("checkpoint: PyTorch's trainings go on", "[io][states]") {
    const auto halved = [](auto& optimizer) { return lr_scheduler::StepLR{optimizer, 7}; };  // the file says 2 and 0.5
    check_training("adam", [](Net& m) { return optim::Adam{m, {.amsgrad = true}}; }, halved);
    check_training("adamw", [](Net& m) { return optim::AdamW{{{m.get<0>()}, {m.get<1>()}}}; },
                   [](auto& optimizer) { return lr_scheduler::CosineAnnealingLR{optimizer, 9}; });
    check_training("sgd", [](Net& m) { return optim::SGD{m, {.momentum = 0.5}}; }, halved);
    check_training("plain_sgd", [](Net& m) { return optim::SGD{m}; }, halved);
}

TEST_CASE("checkpoint: a training goes on bit for bit", "[io]") {
    using Deep = nn::Sequential<nn::Linear<3, 8>, nn::BatchNorm1d<8>, nn::Dropout, nn::Linear<8, 2>>;
    struct Run {
        Deep model;
        optim::AdamWOptions options{.lr = 0.01};  // with a name: g++ takes a temporary in a struct for a dangling one
        optim::AdamW optimizer{model, options};
        lr_scheduler::CosineAnnealingLR scheduler{optimizer, 20};
        Generator data{5};
        std::int64_t number = 0;
        double best = 1e300;
        bool done = false;

        void go_on(std::int64_t end) {
            for (; number < end; ++number) {
                const Tensor<float, Shape<16, 3>> x = randn<Shape<16, 3>>(data);
                optimizer.zero_grad();
                auto loss = mean(square(model(x)));
                loss.backward();
                best = std::min(best, static_cast<double>(loss.item()));
                optimizer.step();
                scheduler.step();
            }
            done = true;
        }
        void checkpoint(void (*function)(const std::filesystem::path&, std::initializer_list<CheckpointPart>), const std::filesystem::path& path) {
            function(path, {{"model", model}, {"optimizer", optimizer}, {"scheduler", scheduler}, {"generator", default_generator()},
                            {"data", data}, {"number", number}, {"best", best}, {"done", done}});
        }
    };
    const TemporaryFolder folder;
    manual_seed(1);
    Run whole;
    whole.go_on(4);
    whole.checkpoint(save_checkpoint, folder / "half.pt");
    REQUIRE(folder.files() == 1);
    whole.go_on(9);
    manual_seed(2);
    Run resumed;
    resumed.checkpoint(load_checkpoint, folder / "half.pt");
    REQUIRE(resumed.number == 4);
    REQUIRE(resumed.done);
    resumed.go_on(9);
    REQUIRE(parameters_of(resumed.model) == parameters_of(whole.model));
    REQUIRE(resumed.best == whole.best);
    REQUIRE(resumed.scheduler.get_last_lr() == whole.scheduler.get_last_lr());
}

TEST_CASE("checkpoint: what does not fit changes nothing and is named", "[io]") {
    const auto path = fixtures / "training_adam.pt";
    Net model;
    optim::Adam optimizer{model, {.lr = 7, .amsgrad = true}};
    const auto before = parameters_of(model);
    double epoch = -1;
    bool flag = false;
    REQUIRE_ERROR(load_checkpoint(path, {{"model", model}, {"momentum", optimizer}}), "training_adam.pt", "an entry momentum", "optimizer");
    REQUIRE_ERROR(load_checkpoint(path, {{"model", model}, {"epoch", flag}}), "training_adam.pt", "a bool", "an int");
    optim::Adam groups{{{model.get<0>()}, {model.get<1>()}}};
    REQUIRE_ERROR(load_checkpoint(path, {{"model", model}, {"optimizer", groups}}), "optimizer", "2 groups", "got 1");
    optim::Adam fewer{model.get<0>()};
    REQUIRE_ERROR(load_checkpoint(path, {{"model", model}, {"optimizer", fewer}}), "at most 2 parameters", "got 4");
    optim::SGD sgd{model, {.momentum = 0.5}};
    REQUIRE_ERROR(load_checkpoint(path, {{"model", model}, {"optimizer", sgd}}), "missing optimizer.param_groups.0.momentum");
    nn::Sequential<nn::Linear<3, 4>, nn::Linear<4, 3>> wider;
    optim::Adam of_wider{wider, {.amsgrad = true}};
    REQUIRE_ERROR(load_checkpoint(path, {{"epoch", epoch}, {"optimizer", of_wider}}), "optimizer.state.2.exp_avg of float32 (2, 4) instead of float32 (3, 4)");
    REQUIRE(parameters_of(model) == before);
    REQUIRE(optimizer.param_groups()[0].options.lr == 7);
    REQUIRE(epoch == -1);
    load_checkpoint(path, {{"epoch", epoch}});
    REQUIRE(epoch == 3);
}

TEST_CASE("checkpoint: steps that float32 does not hold are kept", "[io]") {
    const TemporaryFolder folder;
    nn::Linear<1, 1> model;
    optim::Adam optimizer{model}, other{model};
    auto& steps = *static_cast<std::int64_t*>(optimizer.state_dict()[0].data);
    for (const std::int64_t count : {std::int64_t{1} << 24, (std::int64_t{1} << 24) + 1}) {
        steps = count;
        save_checkpoint(folder / "a.pt", {{"optimizer", optimizer}});
        load_checkpoint(folder / "a.pt", {{"optimizer", other}});
        REQUIRE(*static_cast<std::int64_t*>(other.state_dict()[0].data) == count);
    }
}
