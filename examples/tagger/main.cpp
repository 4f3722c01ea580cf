// Trains an LSTM tagger on sentences of a small grammar: tagger --help says what can be chosen.
#include <cstdio>
#include <exception>
#include <xnn/core/parallel.hpp>

#include "options.hpp"
#include "report.hpp"
#include "session.hpp"

int main(int argc, char** argv) {
    const auto options = tagger::parse_options(argc, argv);
    try {
        if (options.threads > 0) xnn::set_num_threads(options.threads);
        const double accuracy = tagger::run_session(options);
        std::printf("accuracy %s\n", tagger::percent(accuracy).c_str());
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "tagger: %s\n", problem.what());
        return 1;
    }
}
