#include "measure.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>
#include <random>
#include <sstream>

namespace bench {

void Work::Free::operator()(float* p) const { std::free(p); }

std::span<float> Work::zeros(std::size_t size) {
    const std::size_t bytes = (size * sizeof(float) + 63) / 64 * 64;
    auto* p = static_cast<float*>(std::aligned_alloc(64, std::max<std::size_t>(bytes, 64)));
    if (!p) throw std::bad_alloc();
    std::fill_n(p, size, 0.f);
    memory_.emplace_back(p);
    return {p, size};
}

std::span<float> Work::random(std::size_t size, float low, float high) {
    std::mt19937 generator(seed_++);
    std::uniform_real_distribution<float> uniform(low, high);
    auto numbers = zeros(size);
    for (float& x : numbers) x = uniform(generator);
    return numbers;
}

namespace {

/// Why `result` is not `reference`, or nothing.
std::string difference(std::span<const float> result, std::span<const float> reference, double tolerance) {
    std::ostringstream text;
    if (result.size() != reference.size()) {
        text << result.size() << " numbers instead of " << reference.size();
        return text.str();
    }
    double largest = 0, error = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
        const double r = result[i], expected = reference[i];
        if (!std::isfinite(r)) {
            text << r << " at " << i << " instead of " << expected;
            return text.str();
        }
        largest = std::max(largest, std::abs(expected));
        error = std::max(error, std::abs(r - expected));
    }
    if (error > tolerance * largest) text << "off by " << error / largest << " of the largest number";
    return text.str();
}

using Numbers = std::vector<std::vector<float>>;

Numbers copy(const Arrays& arrays) {
    Numbers result;
    for (auto part : arrays.parts()) result.emplace_back(part.begin(), part.end());
    return result;
}

std::string difference(const Numbers& result, const Numbers& reference, double tolerance) {
    for (std::size_t i = 0; i < std::min(result.size(), reference.size()); ++i) {
        const auto text = difference(std::span<const float>(result[i]), std::span<const float>(reference[i]), tolerance);
        if (!text.empty()) return i == 0 ? text : text + " in array " + std::to_string(i);
    }
    return "";
}

/// Keeps what Google Benchmark measured instead of printing it.
class Collector : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override { run = runs.back(); }
    Run run;
};

struct Sample {
    benchmark::IterationCount calls;
    double seconds;
};

/// One round of one contestant: `calls` calls, or as many as fill `seconds` if that is 0.
Sample sample(const Call& call, benchmark::IterationCount calls, const Settings& settings) {
    benchmark::ClearRegisteredBenchmarks();
    auto* registered = benchmark::RegisterBenchmark("round", [&call](benchmark::State& state) {
        for (auto _ : state) {
            auto result = call();
            benchmark::DoNotOptimize(result);
            benchmark::ClobberMemory();
        }
    });
    registered->Unit(benchmark::kSecond);
    if (settings.threads > 1) registered->UseRealTime();
    if (calls > 0)
        registered->Iterations(calls);
    else
        registered->MinTime(settings.seconds);
    Collector collector;
    benchmark::RunSpecifiedBenchmarks(&collector);
    const auto& run = collector.run;
    return {run.iterations, settings.threads > 1 ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime()};
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

Outcome measure(const Entry& entry, const Settings& settings, double (*meter)(const Call&)) {
    Work work;
    entry.setup(work);
    Outcome outcome{entry.name, entry.cost, {}};

    // The first call of each; results are copied, because a contestant may write where another one does.
    Numbers reference;
    for (auto& contestant : work.contestants) {
        const Arrays first = contestant.call();
        const Numbers result = copy(contestant.results ? contestant.results() : first);
        if (reference.empty()) reference = result;
        outcome.timings.push_back({contestant.name, difference(result, reference, entry.tolerance), {}});
    }

    std::vector<std::pair<Timing*, const Call*>> right;
    for (std::size_t i = 0; i < work.contestants.size(); ++i)
        if (outcome.timings[i].wrong.empty()) right.emplace_back(&outcome.timings[i], &work.contestants[i].call);
    if (meter) {
        for (auto [timing, call] : right) timing->rounds.push_back(meter(*call));
    } else {
        // A round that is not counted warms up and finds how many calls fill a round.
        std::vector<benchmark::IterationCount> calls;
        for (auto [timing, call] : right) calls.push_back(sample(*call, 0, settings).calls);
        for (int round = 0; round < settings.rounds; ++round)
            for (std::size_t i = 0; i < right.size(); ++i)
                right[i].first->rounds.push_back(sample(*right[i].second, calls[i], settings).seconds);
    }
    for (auto& [name, value] : work.known) outcome.timings.push_back({name, "", {value}});
    for (auto& timing : outcome.timings) {
        if (timing.rounds.empty()) continue;
        timing.median = median(timing.rounds);
        timing.best = *std::min_element(timing.rounds.begin(), timing.rounds.end());
    }
    return outcome;
}

}  // namespace bench
