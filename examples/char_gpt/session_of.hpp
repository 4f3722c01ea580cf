// What the program does on one kind of device.
#pragma once

#include <cstdio>
#include <xnn/core/parallel.hpp>
#include <xnn/nn/traits.hpp>

#include "checkpoint.hpp"
#include "session.hpp"
#include "training.hpp"

namespace char_gpt {

template <class Device>
void run(const Options& options) {
    if (options.threads > 0) xnn::set_num_threads(options.threads);
    xnn::manual_seed(options.seed);
    const Corpus corpus(options.data, options.limit);
    Gpt<Device> model(options.dropout);
    if (options.generate > 0) {
        load_checkpoint(options.checkpoint, model.state_dict());
        model.eval();
        const auto text = write(model, corpus.alphabet(), options.prompt, options.generate, {options.temperature, options.top_k}, xnn::default_generator());
        std::printf("%s\n", text.c_str());
        return;
    }
    std::printf("%td parameters, %zu characters to train on, %zu to validate with, %d threads\n\n", xnn::parameter_count<Gpt<xnn::Cpu>>,
                corpus.training().size(), corpus.validation().size(), xnn::get_num_threads());
    const double loss = train(model, corpus, options);
    save_checkpoint(options.checkpoint, model.state_dict());
    std::printf("checkpoint: %s\nvalidation loss %.2f\n", options.checkpoint.c_str(), loss);
}

}  // namespace char_gpt
