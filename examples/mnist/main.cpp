// Trains a network on MNIST: mnist --help says what can be chosen.
#include <cstdio>
#include <exception>
#include <xnn/core/parallel.hpp>

#include "../devices.hpp"
#include "options.hpp"
#include "report.hpp"
#include "session.hpp"

int main(int argc, char** argv) {
    const auto options = mnist::parse_options(argc, argv);
    try {
        if (options.threads > 0) xnn::set_num_threads(options.threads);
        const double accuracy = examples::with_device(options.device, [&]<class Device>() {
            return options.model == "mlp" ? mnist::run_mlp<Device>(options) : mnist::run_lenet<Device>(options);
        });
        std::printf("test accuracy %s\n", mnist::percent(accuracy).c_str());
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "mnist: %s\n", problem.what());
        return 1;
    }
}
