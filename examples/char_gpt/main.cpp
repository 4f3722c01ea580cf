// Trains a GPT on Shakespeare's plays, character by character, or lets it write: char_gpt --help says what can be chosen.
#include <cstdio>
#include <exception>
#include <xnn/core/parallel.hpp>
#include <xnn/io/safetensors.hpp>
#include <xnn/nn/traits.hpp>

#include "corpus.hpp"
#include "options.hpp"
#include "training.hpp"
#include "writer.hpp"

namespace char_gpt {

void run(const Options& options) {
    if (options.threads > 0) xnn::set_num_threads(options.threads);
    xnn::manual_seed(options.seed);
    const Corpus corpus(options.data, options.limit);
    Gpt model(options.dropout);
    if (options.generate > 0) {
        xnn::io::load_safetensors(options.checkpoint, model.state_dict());
        model.eval();
        const auto text = write(model, corpus.alphabet(), options.prompt, options.generate, {options.temperature, options.top_k}, xnn::default_generator());
        std::printf("%s\n", text.c_str());
        return;
    }
    std::printf("%td parameters, %zu characters to train on, %zu to validate with, %d threads\n\n", xnn::parameter_count<Gpt>,
                corpus.training().size(), corpus.validation().size(), xnn::get_num_threads());
    const double loss = train(model, corpus, options);
    xnn::io::save_safetensors(options.checkpoint, model.state_dict());
    std::printf("checkpoint: %s\nvalidation loss %.2f\n", options.checkpoint.c_str(), loss);
}

}  // namespace char_gpt

int main(int argc, char** argv) {
    const auto options = char_gpt::parse_options(argc, argv);
    try {
        char_gpt::run(options);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "char_gpt: %s\n", problem.what());
        return 1;
    }
}
