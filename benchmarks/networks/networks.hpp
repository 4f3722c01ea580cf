// Whole networks, as the peers of suites see them: which one, with which weights, on which input.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench.hpp"
#include "weights.hpp"

enum class Network { mlp, lenet, lenet5, resnet18, gpt, tagger, autoencoder, ds_cnn, mobilenet, resnet8 };

/// A batch: either numbers or tokens.
struct Batch {
    std::vector<std::int64_t> extents;
    std::span<const float> numbers{};
    std::span<const std::int64_t> tokens{};
};

struct Inference {
    Network network;
    std::vector<Weight> weights;  // in the order of the layers
    bool frozen;                  // batch normalisations have been folded, and linear layers' weights are transposed
    Batch input;
};

enum class Method { sgd, adam };
constexpr double sgd_rate = 0.01, adam_rate = 1e-3, momentum = 0.9;

/// Steps on one batch: cross entropy of scores, whose last dimension is that of the classes.
struct Training {
    Network network;
    Method method;
    std::vector<Weight> weights;  // in the order of the layers: weight, bias, weight, …
    Batch input;
    std::span<const std::int64_t> labels;  // one for each row of scores

    double rate() const { return method == Method::sgd ? sgd_rate : adam_rate; }
};

constexpr int compared_steps = 5;

/// A training that a harness can time. The results are the losses of the first steps; after these the learning rate is 0,
/// so that each timed step does the same work on the same numbers. `step(rate)` returns the loss.
template <class Step>
bench::CallWithResults timed(Step step, double rate, std::span<float> losses) {
    return {[=]() mutable {
                step(0);
                return bench::Arrays();
            },
            [=]() mutable {
                for (float& loss : losses) loss = step(rate);
                return bench::Arrays(losses);
            }};
}

bench::CallWithResults train_libtorch(Training work, bool channels_last, std::span<float> losses);
bench::CallWithResults infer_libtorch(Inference work, bool channels_last);
