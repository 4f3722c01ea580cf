// What the user asks for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <xnn/core/config.hpp>

namespace mnist {

struct Options {
    std::string model = "lenet";
    std::string device = "cpu";
    xnn::index_t epochs = 3;
    xnn::index_t batch = 64;
    double lr = 1e-3;
    std::uint64_t seed = 1;
    int threads = 0;         ///< 0: as many as the machine has
    xnn::index_t limit = 0;  ///< 0: all images
    std::filesystem::path data = XNN_EXAMPLES_DATA "/mnist";
    std::filesystem::path checkpoint = "mnist.safetensors";
    std::filesystem::path curve = "mnist.svg";
};

/// Reads the command line; ends the program after --help and after a mistake.
Options parse_options(int argc, char** argv);

}  // namespace mnist
