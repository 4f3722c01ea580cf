// Training steps with two threads against the same steps with one, which must give the same losses to the last bit.
#include <xnn/core/parallel.hpp>

#include "trainings.hpp"

namespace {

constexpr int threads = 2;

void add_training(bench::Work& work, const networks::Exercise& exercise) {
    const auto add = [&](const char* name, int count) {
        const std::shared_ptr<networks::Trainer> trainer = exercise.new_trainer();
        const auto step = [=](double rate) {
            xnn::set_num_threads(count);
            return trainer->step(rate);
        };
        work.add(name, timed(step, trainer->as_peers_see_it().rate(), work.zeros(compared_steps)));
    };
    add("one thread", 1);
    add("xnn", threads);
}

}  // namespace

void bench::suite(Suite& suite) {
    suite.threads = threads;
    for (const networks::Exercise& exercise : networks::exercises())
        suite.work(exercise.name, {.flops = exercise.flops, .items = exercise.samples}, [=](Work& work) { add_training(work, exercise); }, 0);
}
