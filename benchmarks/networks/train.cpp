// Training steps in samples per second.
#include "trainings.hpp"

namespace {

void add_training(bench::Work& work, const networks::Exercise& exercise) {
    const std::shared_ptr<networks::Trainer> trainer = exercise.new_trainer();
    const Training training = trainer->as_peers_see_it();
    const auto losses = [&] { return work.zeros(compared_steps); };
    work.add("xnn", timed([=](double rate) { return trainer->step(rate); }, training.rate(), losses()));
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", train_libtorch(training, false, losses()));
    if (training.input.extents.size() == 4) work.add("libtorch nhwc", train_libtorch(training, true, losses()));
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    for (const networks::Exercise& exercise : networks::exercises())
        suite.work(exercise.name, {.flops = exercise.flops, .items = exercise.samples},
                   [=](Work& work) { add_training(work, exercise); }, exercise.tolerance);
}
