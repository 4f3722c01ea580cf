// A residual network from PyTorch: compared with it, and trained on. resnet --help says what can be chosen.
#include <cstdio>
#include <exception>
#include <xnn/core/parallel.hpp>

#include "check.hpp"
#include "finetune.hpp"

int main(int argc, char** argv) {
    const auto options = resnet::parse_options(argc, argv);
    try {
        if (options.threads > 0) xnn::set_num_threads(options.threads);
        auto model = resnet::load_pretrained(options);
        const double difference = resnet::check(options, model);
        std::printf("largest relative difference to PyTorch's answers: %.2g\n", difference);
        if (!(difference < 1e-4)) xnn::fail("resnet", "PyTorch's answers to a relative 1e-4", "others");
        if (!options.check) std::printf("test accuracy %.2f %%\n", 100 * resnet::finetune(options, model));
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "resnet: %s\n", problem.what());
        return 1;
    }
}
