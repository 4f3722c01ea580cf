// Trains a GPT on Shakespeare's plays, character by character, or lets it write: char_gpt --help says what can be chosen.
#include <cstdio>
#include <exception>

#include "../devices.hpp"
#include "options.hpp"
#include "session.hpp"

int main(int argc, char** argv) {
    const auto options = char_gpt::parse_options(argc, argv);
    try {
        examples::with_device(options.device, [&]<class Device>() { char_gpt::run<Device>(options); });
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "char_gpt: %s\n", problem.what());
        return 1;
    }
}
