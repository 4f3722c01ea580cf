#include "options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>

namespace resnet {

Options parse_options(int argc, char** argv) {
    Options options;
    CLI::App app{"Loads a ResNet-18 that PyTorch has trained on the digits 0 to 4, and teaches it the others."};
    app.option_defaults()->always_capture_default();
    app.add_flag("--check", options.check, "only compare its answers with PyTorch's");
    app.add_option("--epochs", options.epochs, "how often all training images are seen")->check(CLI::PositiveNumber);
    app.add_option("--batch", options.batch, "images in a step")->check(CLI::PositiveNumber);
    app.add_option("--images", options.images, "training images")->check(CLI::Range(1, 60000));
    app.add_option("--tests", options.tests, "test images")->check(CLI::Range(1, 10000));
    app.add_option("--lr", options.lr, "learning rate at the start")->check(CLI::PositiveNumber);
    app.add_option("--seed", options.seed, "where random numbers start: the same seed gives the same result");
    app.add_option("--threads", options.threads, "0: one for each core")->check(CLI::NonNegativeNumber);
    app.add_option("--data", options.data, "the folder that holds mnist/ and resnet/");
    app.add_option("--output", options.output, "where the trained network goes");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) { std::exit(app.exit(problem)); }
    return options;
}

}  // namespace resnet
