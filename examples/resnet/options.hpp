// What the user asks for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <xnn/core/config.hpp>

namespace resnet {

struct Options {
    bool check = false;  ///< only compare with PyTorch
    xnn::index_t epochs = 2;
    xnn::index_t batch = 32;
    xnn::index_t images = 2000;
    xnn::index_t tests = 1000;
    double lr = 1e-3;
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: as many as the machine has
    std::filesystem::path data = XNN_EXAMPLES_DATA;
    std::filesystem::path output = "resnet.safetensors";
};

/// Reads the command line; ends the program after --help and after a mistake.
Options parse_options(int argc, char** argv);

}  // namespace resnet
