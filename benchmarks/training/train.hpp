// The works of the suite train, as its peers see them: steps on one batch, from given weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench.hpp"
#include "weights.hpp"

enum class Network { mlp, lenet };
enum class Method { sgd, adam };

constexpr int compared_steps = 5;
constexpr double sgd_rate = 0.01, adam_rate = 1e-3, momentum = 0.9;

struct Training {
    Network network;
    Method method;
    std::vector<Weight> weights;  // in the order of the layers: weight, bias, weight, …
    std::vector<std::int64_t> image_extents;
    std::span<const float> images;
    std::span<const std::int64_t> labels;
};

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
