// Runs the contestants of one piece of work: compares their results, then times them in turn.
#pragma once

#include <string>
#include <vector>

#include "bench.hpp"

namespace bench {

struct Settings {
    int rounds = 11;
    double seconds = 0.025;  // of one contestant in one round
    int threads = 1;        // with one thread CPU time is measured, which other processes disturb least
};

struct Timing {
    std::string name;
    std::string wrong;           // why the result is not the reference's; empty if it is, and then there are rounds
    std::vector<double> rounds;  // seconds per call, or what else is measured
    double median = 0;
    double best = 0;
};

struct Outcome {
    std::string name;
    Cost cost;
    std::vector<Timing> timings;
};

/// By time, or once by a meter.
Outcome measure(const Entry& entry, const Settings& settings, double (*meter)(const Call&) = nullptr);

}  // namespace bench
