// The most bytes that training steps and answers take: parameters, their gradients, the optimiser's state, the batch, and
// what is computed on the way. "xnn constant" is what the types say beforehand: for steps of training, the most.
#include "memory.hpp"

#include <algorithm>
#include <xnn/nn/freeze.hpp>

#include "models.hpp"
#include "trainings.hpp"

namespace {

void add_training(bench::Work& work, const networks::Exercise& exercise) {
    constexpr std::size_t steps = 2;  // the second one finds what the first one has left
    const std::shared_ptr<networks::Trainer> first = exercise.new_trainer();  // has the peers' batch
    const Training training = first->as_peers_see_it();
    work.add("xnn", [=, losses = work.zeros(steps)] {
        static_cast<void>(first);
        const auto trainer = exercise.new_trainer();
        for (float& loss : losses) loss = trainer->step(training.rate());
        return losses;
    });
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", train_once_libtorch(training, work.zeros(steps)));
#endif
    work.add_known("xnn constant", exercise.memory);
}

template <class Task>
void add_answer(bench::Work& work) {
    using namespace networks;
    using Frozen = nn::frozen_t<typename Task::Model>;
    struct Answerer {
        Frozen model;
        typename Task::Input input;
    };
    manual_seed(1);
    typename Task::Model model;
    model.eval();
    const auto answerer = std::make_shared<Answerer>(Answerer{nn::freeze(model), {}});
    fill(answerer->input, Task::vocabulary);
    const auto results = [&] { return work.zeros(static_cast<std::size_t>(Task::Scores::static_size)); };
    work.add("xnn", [=, y = results()] {
        const NoGradGuard no_grad;
        const Answerer mine = *answerer;
        const auto scores = mine.model(inference(mine.input));
        std::copy_n(scores.value().data, y.size(), y.data());
        return y;
    });
#if XNN_BENCH_LIBTORCH
    constexpr bool freezes = !std::same_as<Frozen, typename Task::Model>;
    work.add("libtorch", answer_once_libtorch({Task::network, weights_of(answerer->model.state_dict()), freezes, batch(answerer->input)}, results()));
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    suite.meter = peak_bytes;
    for (const networks::Exercise& exercise : networks::exercises())
        suite.work(exercise.name, {}, [=](Work& work) { add_training(work, exercise); }, exercise.tolerance);
    suite.work("LeNet answers", {}, add_answer<networks::LeNetTask>);
    suite.work("ResNet-18 answers", {}, add_answer<networks::ResNetTask>);
    suite.work("char-GPT answers", {}, add_answer<networks::GptTask>);
}
