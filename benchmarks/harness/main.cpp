// The main() of every suite. scripts/bench.sh calls it in the environment that a fair comparison needs.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "measure.hpp"
#include "report.hpp"

namespace {

struct Arguments {
    bench::Settings settings;
    std::string json;
    std::string filter;
};

[[noreturn]] void usage(const char* program) {
    std::cerr << "usage: " << program << " [--quick] [--rounds N] [--threads N] [--filter TEXT] [--json FILE]\n";
    std::exit(2);
}

Arguments parse(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        if (option == "--quick") {
            arguments.settings.rounds = 3;
            arguments.settings.seconds = 0.01;
            continue;
        }
        if (i + 1 == argc) usage(argv[0]);
        const std::string value = argv[++i];
        if (option == "--rounds")
            arguments.settings.rounds = std::stoi(value);
        else if (option == "--threads")
            arguments.settings.threads = std::stoi(value);
        else if (option == "--filter")
            arguments.filter = value;
        else if (option == "--json")
            arguments.json = value;
        else
            usage(argv[0]);
    }
    if (arguments.settings.rounds < 1 || arguments.settings.threads < 1) usage(argv[0]);
    return arguments;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    for (const char* variable : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE"})
        if (std::getenv(variable)) std::cerr << "warning: " << variable << " is set and may slow a peer down\n";

    bench::Suite suite;
    bench::suite(suite);
    const std::string program = std::filesystem::path(argv[0]).filename().string();
    const std::string name = program.starts_with("bench_") ? program.substr(6) : program;

    const bool terminal = isatty(STDERR_FILENO);
    bench::Report report{name, arguments.settings, suite.meter ? bench::Unit::bytes : bench::Unit::seconds, {}, {}};
    if (suite.threads > 0) report.settings.threads = suite.threads;
    if (!suite.meter) report.machine = bench::measure_machine(report.settings.threads);
    for (auto& entry : suite.entries) {
        if (entry.name.find(arguments.filter) == std::string::npos) continue;
        if (terminal) std::cerr << "\r\033[K" << name << ": " << entry.name << std::flush;
        report.outcomes.push_back(bench::measure(entry, report.settings, suite.meter));
    }
    if (terminal) std::cerr << "\r\033[K" << std::flush;

    bench::write_table(std::cout, report);
    if (!arguments.json.empty()) {
        std::ofstream file(arguments.json);
        bench::write_json(file, report);
        if (!file.flush()) {
            std::cerr << program << ": cannot write " << arguments.json << '\n';
            return 1;
        }
    }
    bool right = !report.outcomes.empty();
    for (auto& outcome : report.outcomes)
        for (auto& timing : outcome.timings) right = right && timing.wrong.empty();
    return right ? 0 : 1;
}
