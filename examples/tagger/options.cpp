#include "options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>

namespace tagger {

Options parse_options(int argc, char** argv) {
    Options options;
    CLI::App app{"Trains an LSTM to find the part of speech of each word, and shows what it learned."};
    app.option_defaults()->always_capture_default();
    app.add_option("--epochs", options.epochs, "how often all training sentences are read")->check(CLI::PositiveNumber);
    app.add_option("--batch", options.batch, "sentences in a step")->check(CLI::PositiveNumber);
    app.add_option("--lr", options.lr, "learning rate")->check(CLI::PositiveNumber);
    app.add_option("--seed", options.seed, "where random numbers start: the same seed gives the same result");
    app.add_option("--threads", options.threads, "0: one for each core")->check(CLI::NonNegativeNumber);
    app.add_option("--sentences", options.sentences, "how many sentences to learn from")->check(CLI::PositiveNumber);
    app.add_option("--checkpoint", options.checkpoint, "where the trained network goes");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) { std::exit(app.exit(problem)); }
    return options;
}

}  // namespace tagger
