#include "options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>

namespace mnist {

Options parse_options(int argc, char** argv) {
    Options options;
    CLI::App app{"Trains a network on MNIST and shows what it learned."};
    app.option_defaults()->always_capture_default();
    app.add_option("--model", options.model, "the network")->check(CLI::IsMember({"mlp", "lenet"}));
    app.add_option("--device", options.device, "where it computes; cuda-host: what a GPU would, on the host")->check(CLI::IsMember({"cpu", "cuda", "cuda-host"}));
    app.add_option("--epochs", options.epochs, "how often all training images are seen")->check(CLI::PositiveNumber);
    app.add_option("--batch", options.batch, "images in a step")->check(CLI::PositiveNumber);
    app.add_option("--lr", options.lr, "learning rate at the start")->check(CLI::PositiveNumber);
    app.add_option("--seed", options.seed, "where random numbers start: the same seed gives the same result");
    app.add_option("--threads", options.threads, "0: one for each core")->check(CLI::NonNegativeNumber);
    app.add_option("--limit", options.limit, "use only so many images; 0: all")->check(CLI::NonNegativeNumber);
    app.add_option("--data", options.data, "the folder that holds the four files of MNIST");
    app.add_option("--checkpoint", options.checkpoint, "where the trained network goes");
    app.add_option("--curve", options.curve, "where the training curve goes");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) { std::exit(app.exit(problem)); }
    return options;
}

}  // namespace mnist
