// What the program does with one kind of network on one kind of device.
#pragma once

#include <cstdio>
#include <xnn/tools/summary.hpp>

#include "checkpoint.hpp"
#include "session.hpp"
#include "training.hpp"

namespace mnist {

/// The checkpoint in a network that has never been trained.
template <class Model>
Model load_model(const std::filesystem::path& checkpoint) {
    Model model;
    load_checkpoint(checkpoint, model.state_dict());
    return model;
}

template <template <class> class Network, class Device>
double run_session(const Options& options) {
    using Model = Network<Device>;
    xnn::manual_seed(options.seed);
    const xnn::data::Mnist training_set(options.data, {.train = true, .normalize = xnn::data::mnist_normalization});
    const xnn::data::Mnist test_set(options.data, {.train = false, .normalize = xnn::data::mnist_normalization});
    const auto limited = [&](const auto& set) { return options.limit > 0 ? std::min(options.limit, set.size()) : set.size(); };
    const xnn::index_t samples = limited(training_set), tests = limited(test_set);

    Model model;
    std::printf("%s\n%td training images, %td test images, %d threads\n",
                xnn::tools::summary(model, xnn::Shape<1, 1, 28, 28>{}).c_str(), samples, tests, xnn::get_num_threads());
    std::fflush(stdout);

    Training<Device, Model> training(model, FirstOf{training_set, samples}, options);
    Evaluation evaluation;
    Curve test_curve;
    while (training.epoch() < options.epochs) {
        const double samples_per_second = training.run_epoch();
        evaluation = evaluate<Device>(model, test_set, tests);
        test_curve.add(static_cast<double>(training.epoch()), evaluation.loss);
        std::printf("epoch %td: test accuracy %s, test loss %.4f, trained at %.0f samples/s\n", training.epoch(),
                    percent(evaluation.accuracy).c_str(), evaluation.loss, samples_per_second);
        std::fflush(stdout);
    }

    std::printf("\n%s\nThe mistakes that the network was most sure about:\n\n%s", confusion_table(evaluation, test_set).c_str(),
                worst_mistakes(evaluation, test_set).c_str());
    save_curve(options.curve, options.model + " on MNIST: " + percent(evaluation.accuracy) + " of the test images right",
               training.curve(), test_curve);
    std::printf("training curve: %s\n", options.curve.c_str());

    save_checkpoint(options.checkpoint, model.state_dict(), options.model);
    const Evaluation again = evaluate<Device>(load_model<Model>(options.checkpoint), test_set, tests);
    if (again.predicted != evaluation.predicted || again.confidence != evaluation.confidence)
        xnn::fail(options.checkpoint.string(), "the network that was saved", "one that answers differently");
    std::printf("checkpoint: %s, loaded into a new network: accuracy %s\n", options.checkpoint.c_str(),
                percent(again.accuracy).c_str());
    return evaluation.accuracy;
}

template <class Device>
double run_mlp(const Options& options) { return run_session<Mlp, Device>(options); }
template <class Device>
double run_lenet(const Options& options) { return run_session<LeNet, Device>(options); }

}  // namespace mnist
