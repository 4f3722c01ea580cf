// What the user asks for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <xnn/core/config.hpp>

namespace char_gpt {

struct Options {
    std::string device = "cpu";
    xnn::index_t steps = 2000;
    xnn::index_t batch = 16;
    double lr = 1e-3;  ///< the highest
    double dropout = 0;
    std::uint64_t seed = 1;
    int threads = 0;             ///< 0: as many as the machine has
    xnn::index_t report = 250;   ///< steps between two reports
    xnn::index_t limit = 0;      ///< characters of the text; 0: all
    xnn::index_t generate = 0;   ///< write so many characters from the checkpoint, and train nothing
    double temperature = 0.8;
    xnn::index_t top_k = 0;      ///< 0: all characters
    std::string prompt = "\n";
    std::filesystem::path data = XNN_EXAMPLES_DATA "/tinyshakespeare/input.txt";
    std::filesystem::path checkpoint = "char_gpt.safetensors";
};

/// Reads the command line; ends the program after --help and after a mistake.
Options parse_options(int argc, char** argv);

}  // namespace char_gpt
