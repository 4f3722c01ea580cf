#include "machine.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <limits>
#include <memory>
#include <vector>
#include <xnn/core/config.hpp>
#include <xnn/core/parallel.hpp>

namespace bench {
namespace {

double cpu_time() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double clock_time() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Seconds of the fastest of some calls of f on all threads at once: what a machine can do is what it does undisturbed.
template <class F>
double fastest(int threads, int calls, double (*now)(), F f) {
    double best = std::numeric_limits<double>::max();
    for (int call = 0; call < calls; ++call) {
        const double begin = now();
        xnn::parallel_for(threads, f);
        best = std::min(best, now() - begin);
    }
    return best;
}

constexpr int chains = 12;         // more than two units with a latency of four or five cycles need
constexpr long steps = 6'000'000;  // 10 ms or more: some systems count a process's time in milliseconds

/// Not inline: there g++ 12 keeps the sums in memory.
template <int Bits>
[[gnu::noinline]] void multiply_add() {
    using Register [[gnu::vector_size(Bits / 8)]] = float;
    Register sums[chains] = {};
    const Register factor = Register{} + 0.999f, term = Register{} + 0.001f;
    for (long step = 0; step < steps; ++step) {
        XNN_UNROLL for (Register& sum : sums) {
            sum = sum * factor + term;
#if defined(__aarch64__)
            asm volatile("" : "+w"(sum));  // or the compiler sees that all chains are one
#else
            asm volatile("" : "+v"(sum));
#endif
        }
    }
}

/// In CPU time, which threads that wait for a processor do not use.
template <int Bits>
Peak peak(int threads) {
    constexpr double work = 2.0 * steps * chains * (Bits / 32);
    const double seconds = fastest(threads, 5, cpu_time, [](long) { multiply_add<Bits>(); }) / threads;
    return {Bits, work * threads / seconds};
}

double copied(int threads) {
    const auto from = std::make_unique<char[]>(copied_bytes), to = std::make_unique<char[]>(copied_bytes);
    const std::size_t part = copied_bytes / static_cast<std::size_t>(threads);
    const double seconds = fastest(threads, 5, threads == 1 ? cpu_time : clock_time, [&](long thread) {
        const std::size_t begin = part * static_cast<std::size_t>(thread);
        std::memcpy(to.get() + begin, from.get() + begin, part);
    });
    return 2.0 * copied_bytes / seconds;
}

}  // namespace

double Machine::flops() const {
    double most = 0;
    for (const Peak& peak : peaks) most = std::max(most, peak.flops);
    return most;
}

Machine measure_machine(int threads) {
    xnn::set_num_threads(threads);
    Machine machine;
    machine.peaks.push_back(peak<128>(threads));
#if defined(__AVX__)
    machine.peaks.push_back(peak<256>(threads));
#endif
#if defined(__AVX512F__)
    machine.peaks.push_back(peak<512>(threads));
#endif
    machine.copied = copied(threads);
    return machine;
}

}  // namespace bench
