// Training steps on the fake runtime: what one asks of the device when all has been done once.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <xnn/cuda.hpp>
#include <xnn/xnn.hpp>

#include "runtime.hpp"

#if defined(CUDNN_VERSION) && !defined(XNN_USE_CUDNN)
#error "cuDNN's headers are there, and nobody asked for them"
#endif

namespace fake {

/// Requires that the step, once all has been done once, launches so much and asks the device for nothing else.
template <class Step>
void require_launches(std::size_t expected, Step&& step) {
    step();
    step();
    reset();
    step();
    std::string all;
    for (const auto& launch : work().launches) all += launch + "\n";
    INFO(all);
    CHECK(work().launches.size() == expected);
    CHECK(work().allocations == 0);
    CHECK(work().releases == 0);
    CHECK(work().synchronizations == 0);
    CHECK(work().copies_to_host == 0);
    CHECK(work().copies_to_device == 0);
}

/// A step of Adam on the cross entropy of scores, a row for each label.
template <class Model, class X, class Labels>
auto training_step(Model& model, xnn::optim::Optimizer& optimizer, const X& x, const Labels& labels) {
    return [&] {
        optimizer.zero_grad();
        const auto loss = xnn::nn::CrossEntropyLoss<>{}(model(x), labels);
        loss.backward();
        optimizer.step();
    };
}

}  // namespace fake
