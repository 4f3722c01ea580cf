// What a benchmark suite is written with. A suite is one file that defines bench::suite(); each piece of work in it is
// done by several contestants, xnn and its peers, on the same numbers:
//
//     void bench::suite(Suite& suite) {
//         for (int n : {64, 256}) {
//             suite.work("dot " + std::to_string(n), {.flops = 2.0 * n}, [n](Work& work) {
//                 auto a = work.random(n), b = work.random(n), sum = work.zeros(1);
//                 work.add("xnn", [=] { sum[0] = xnn_dot(a, b); return sum; });
//     #if XNN_BENCH_EIGEN
//                 auto sum2 = work.zeros(1);
//                 work.add("eigen", [=] { sum2[0] = eigen_dot(a, b); return sum2; });
//     #endif
//             });
//         }
//     }
//
// A contestant's first result is compared with that of the others before anything is timed. Then rounds follow in which
// every contestant has its turn, so that what disturbs the machine disturbs all of them; the median round counts.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// What one call costs. Flops and bytes are a rate, GFLOP/s or GB/s, and a share of what the machine can do at most; give
/// one of them, or neither. With `items` the rate is items/s.
struct Cost {
    double flops = 0;
    double bytes = 0;
    double items = 0;
};

/// What a call returns: where its results lie, at most four arrays; none where results cannot be compared.
class Arrays {
public:
    template <std::convertible_to<std::span<const float>>... A>
    Arrays(const A&... arrays) : parts_{arrays...}, count_(sizeof...(A)) {}

    std::span<const std::span<const float>> parts() const { return std::span(parts_).first(count_); }

private:
    std::array<std::span<const float>, 4> parts_;
    std::size_t count_;
};

/// Does the work once.
using Call = std::function<Arrays()>;

/// A call whose results lie in an order of its own: `results` is called once, after the first call, and is not timed.
struct CallWithResults {
    Call call;
    Call results;
};

struct Contestant {
    std::string name;
    Call call;
    Call results{};
};

/// Memory and contestants of one piece of work; both live until its last round.
class Work {
public:
    /// Uniform numbers in [low, high), other ones at each call, the same ones in each run; aligned to 64 bytes.
    std::span<float> random(std::size_t size, float low = -1, float high = 1);
    std::span<float> zeros(std::size_t size);

    /// Ours is called "xnn", variants of ours "xnn …"; every other name is a peer's. The first one is the reference for
    /// results. `call` returns anything that converts to a span of floats, or several as Arrays.
    template <class F>
    void add(std::string name, F call) {
        contestants.push_back({std::move(name), [call = std::move(call)]() mutable { return Arrays(call()); }});
    }
    void add(std::string name, CallWithResults work) {
        contestants.push_back({std::move(name), std::move(work.call), std::move(work.results)});
    }
    /// What is not measured, because it is known beforehand.
    void add_known(std::string name, double value) { known.emplace_back(std::move(name), value); }

    std::vector<Contestant> contestants;
    std::vector<std::pair<std::string, double>> known;

private:
    struct Free {
        void operator()(float* p) const;
    };
    std::vector<std::unique_ptr<float[], Free>> memory_;
    unsigned seed_ = 1;
};

/// A piece of work before it is set up.
struct Entry {
    std::string name;
    Cost cost;
    std::function<void(Work&)> setup;
    double tolerance;
};

/// The most bytes that a call had in use at once, besides those that were in use before. In a suite that names this
/// function every allocation is counted, the peers' too.
double peak_bytes(const Call& call);

/// The works of a suite, in the order of its table.
class Suite {
public:
    /// A suite that compares numbers of threads says so: time is then the time on the clock, and --threads has no effect.
    int threads = 0;
    /// Measures a call by something else than its time, peak_bytes.
    double (*meter)(const Call&) = nullptr;

    /// `tolerance` is the largest difference between results, as a share of the largest number in the reference's.
    void work(std::string name, Cost cost, std::function<void(Work&)> setup, double tolerance = 1e-4) {
        entries.push_back({std::move(name), cost, std::move(setup), tolerance});
    }

    std::vector<Entry> entries;
};

/// Each suite defines this.
void suite(Suite& suite);

}  // namespace bench
