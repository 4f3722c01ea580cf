// What the user asks for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <xnn/core/config.hpp>

namespace tagger {

struct Options {
    xnn::index_t epochs = 4;
    xnn::index_t batch = 32;
    double lr = 5e-3;
    std::uint64_t seed = 1;
    int threads = 0;  ///< 0: as many as the machine has
    xnn::index_t sentences = 8000;
    std::filesystem::path checkpoint = "tagger.safetensors";
};

/// Reads the command line; ends the program after --help and after a mistake.
Options parse_options(int argc, char** argv);

}  // namespace tagger
