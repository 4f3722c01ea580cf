// Training: steps over random pieces of the text, with reports of how it goes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <xnn/nn/convert.hpp>
#include <xnn/nn/loss.hpp>
#include <xnn/optim/adamw.hpp>
#include <xnn/optim/lr_scheduler.hpp>

#include "../devices.hpp"
#include "corpus.hpp"
#include "model.hpp"
#include "options.hpp"
#include "writer.hpp"

namespace char_gpt {

using xnn::index_t;
using Batch = xnn::Tensor<std::int64_t, xnn::Shape<xnn::dyn, context>>;

/// Sequences, and for each character the one that follows it.
struct Sequences {
    Batch inputs, targets;

    explicit Sequences(index_t count) : inputs(xnn::Shape<xnn::dyn, context>(count)), targets(inputs.shape()) {}
    void set(index_t row, std::span<const std::int64_t> text, index_t first) {
        std::copy_n(text.data() + first, context, inputs.data() + row * context);
        std::copy_n(text.data() + first + 1, context, targets.data() + row * context);
    }
};

/// An expression: the mean cross entropy of each next character.
template <class Device>
auto loss_of(const Gpt<Device>& model, const Sequences& batch) {
    return xnn::nn::CrossEntropyLoss<>{}(xnn::flatten<0, 1>(model(examples::on<Device>(batch.inputs))), xnn::flatten<0, 1>(examples::on<Device>(batch.targets)));
}

/// The learning rate as a share of the highest one.
struct WarmupThenCosine {
    index_t warmup, steps;

    double operator()(index_t step) const {
        if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
        constexpr double lowest = 0.1;
        const double progress = static_cast<double>(step - warmup) / static_cast<double>(std::max<index_t>(1, steps - warmup));
        return lowest + (1 - lowest) * (1 + std::cos(std::numbers::pi * std::min(progress, 1.0))) / 2;
    }
};

class Stopwatch {
public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The mean loss over all of a text, in nats per character: piece by piece, each as long as the network's context.
template <class Device>
double evaluate(const Gpt<Device>& model, std::span<const std::int64_t> text) {
    constexpr index_t at_once = 16;
    const xnn::NoGradGuard no_grad;
    const index_t pieces = (static_cast<index_t>(text.size()) - 1) / context;
    double sum = 0;
    for (index_t first = 0; first < pieces; first += at_once) {
        Sequences batch(std::min(at_once, pieces - first));
        for (index_t row = 0; row < batch.inputs.extent(0); ++row) batch.set(row, text, (first + row) * context);
        sum += static_cast<double>(loss_of(model, batch).item()) * static_cast<double>(batch.inputs.extent(0));
    }
    return sum / static_cast<double>(pieces);
}

/// Trains the network, prints how it goes, and returns its loss on the validation text. AdamW, whose learning rate rises
/// linearly at first and then falls along half a cosine wave.
template <class Device>
double train(Gpt<Device>& model, const Corpus& corpus, const Options& options) {
    xnn::optim::AdamW optimizer{model, {.lr = options.lr, .betas = {0.9, 0.99}}};
    xnn::optim::lr_scheduler::LambdaLR scheduler(optimizer, WarmupThenCosine{std::min<index_t>(100, options.steps / 10), options.steps});
    const auto text = corpus.training();
    const auto places = static_cast<std::uint64_t>(text.size()) - static_cast<std::uint64_t>(context);
    Sequences batch(options.batch);
    double recent = 0, validation = 0;
    index_t steps_since_report = 0;
    Stopwatch stopwatch;
    for (index_t step = 1; step <= options.steps; ++step) {
        const auto numbers = xnn::default_generator().draw(options.batch);
        for (index_t row = 0; row < options.batch; ++row) batch.set(row, text, static_cast<index_t>(numbers.word(row) % places));

        optimizer.zero_grad();
        const auto loss = loss_of(model, batch);
        loss.backward();
        optimizer.step();
        scheduler.step();
        recent += static_cast<double>(loss.item());
        ++steps_since_report;

        if (step % options.report != 0 && step != options.steps) continue;
        const double characters = static_cast<double>(steps_since_report * options.batch * context);
        const double speed = characters / stopwatch.seconds();
        model.eval();
        validation = evaluate(model, corpus.validation());
        xnn::Generator sample_numbers(options.seed);
        const std::string sample =
            write(model, corpus.alphabet(), options.prompt, 300, {options.temperature, options.top_k}, sample_numbers);
        model.train();
        std::printf("step %td: training loss %.4f, validation loss %.4f, %.0f tokens/s\n%s\n\n", step,
                    recent / static_cast<double>(steps_since_report), validation, speed, sample.c_str());
        std::fflush(stdout);
        recent = 0;
        steps_since_report = 0;
        stopwatch = {};
    }
    return validation;
}

}  // namespace char_gpt
