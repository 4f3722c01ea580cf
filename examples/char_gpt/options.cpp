#include "options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>

namespace char_gpt {

Options parse_options(int argc, char** argv) {
    Options options;
    CLI::App app{"Trains a GPT on Shakespeare, character by character, or lets it write."};
    app.option_defaults()->always_capture_default();
    app.add_option("--device", options.device, "where it computes; cuda-host: what a GPU would, on the host")->check(CLI::IsMember({"cpu", "cuda", "cuda-host"}));
    app.add_option("--steps", options.steps, "training steps")->check(CLI::PositiveNumber);
    app.add_option("--batch", options.batch, "sequences in a step")->check(CLI::PositiveNumber);
    app.add_option("--lr", options.lr, "the highest learning rate, after warm-up")->check(CLI::PositiveNumber);
    app.add_option("--dropout", options.dropout, "probability of dropout")->check(CLI::Range(0.0, 0.99));
    app.add_option("--seed", options.seed, "where random numbers start: the same seed gives the same result");
    app.add_option("--threads", options.threads, "0: one for each core")->check(CLI::NonNegativeNumber);
    app.add_option("--report", options.report, "steps between two reports with a sample")->check(CLI::PositiveNumber);
    app.add_option("--limit", options.limit, "use only so many characters of the text; 0: all")->check(CLI::NonNegativeNumber);
    app.add_option("--generate", options.generate, "write so many characters from the checkpoint instead of training")->check(CLI::NonNegativeNumber);
    app.add_option("--temperature", options.temperature, "how daring: below 1 likely characters become likelier")->check(CLI::PositiveNumber);
    app.add_option("--top-k", options.top_k, "choose among so many of the likeliest characters; 0: all")->check(CLI::NonNegativeNumber);
    app.add_option("--prompt", options.prompt, "what the written text goes on from");
    app.add_option("--data", options.data, "the text");
    app.add_option("--checkpoint", options.checkpoint, "where the trained network goes, and comes from");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) { std::exit(app.exit(problem)); }
    return options;
}

}  // namespace char_gpt
