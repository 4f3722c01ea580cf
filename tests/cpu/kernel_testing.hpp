// What the tests of kernels share: random numbers, outputs that are poisoned and guarded, comparisons.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/core/parallel.hpp"

namespace xnn::testing {

template <class T>
std::vector<T> random(index_t n, unsigned seed, double low = -2, double high = 2) {
    std::mt19937 engine(seed);
    std::uniform_real_distribution<double> numbers(low, high);
    std::vector<T> result(static_cast<std::size_t>(n));
    for (T& x : result) x = static_cast<T>(static_cast<compute_t<T>>(numbers(engine)));
    return result;
}

template <class I>
std::vector<I> random_integers(index_t n, index_t below, unsigned seed) {
    std::mt19937 engine(seed);
    std::uniform_int_distribution<index_t> numbers(0, below - 1);
    std::vector<I> result(static_cast<std::size_t>(n));
    for (I& x : result) x = static_cast<I>(numbers(engine));
    return result;
}

template <class T>
double number(T x) {
    return static_cast<double>(static_cast<compute_t<T>>(x));
}

/// An output of n elements: at first NaN (or the largest integer), with guard elements on both sides.
template <class T>
class Output {
public:
    explicit Output(index_t n) : elements_(static_cast<std::size_t>(n + 2 * guard), poison()) {}
    Output(const std::vector<T>& before) : Output(static_cast<index_t>(before.size())) {
        std::copy(before.begin(), before.end(), elements_.data() + guard);
    }
    T* data() { return elements_.data() + guard; }
    index_t size() const { return static_cast<index_t>(elements_.size()) - 2 * guard; }
    T operator[](index_t i) const { return elements_[static_cast<std::size_t>(i + guard)]; }

    bool guards_are_untouched() const {
        const T untouched = poison();
        for (index_t i = 1; i <= guard; ++i)
            for (const T& element : {(*this)[-i], (*this)[size() - 1 + i]})
                if (std::memcmp(&element, &untouched, sizeof(T)) != 0) return false;
        return true;
    }
    bool same_bits(const Output& other) const {
        return std::memcmp(elements_.data(), other.elements_.data(), elements_.size() * sizeof(T)) == 0;
    }

private:
    static constexpr index_t guard = 32;
    static T poison() {
        if constexpr (std::is_integral_v<T>)
            return std::numeric_limits<T>::max();
        else
            return static_cast<T>(std::numeric_limits<compute_t<T>>::quiet_NaN());
    }
    std::vector<T> elements_;
};

/// How far results of T may be off, absolutely and relative to the expected number.
template <class T>
inline constexpr double tolerance = std::same_as<T, double>    ? 1e-12
                                    : std::same_as<T, float>   ? 1e-5
                                    : std::same_as<T, float16> ? 2e-3
                                                               : 1.6e-2;

inline bool is_close(double got, double expected, double allowed) {
    if (std::isnan(expected)) return std::isnan(got);
    if (std::isinf(expected)) return got == expected;
    return std::abs(got - expected) <= allowed * (1 + std::abs(expected));
}

template <class T>
void check_close(const Output<T>& got, const std::vector<double>& expected, double allowed = tolerance<T>) {
    REQUIRE(got.guards_are_untouched());
    REQUIRE(got.size() == static_cast<index_t>(expected.size()));
    for (index_t i = 0; i < got.size(); ++i) {
        if (is_close(number(got[i]), expected[static_cast<std::size_t>(i)], allowed)) continue;
        INFO("element " << i << " of " << got.size());
        CHECK(number(got[i]) == Approx(expected[static_cast<std::size_t>(i)]));
        return;
    }
    CHECK(got.size() >= 0);
}

/// Expected gradients where accumulating: before + gradient.
template <class T>
std::vector<double> sum(const std::vector<T>& before, std::vector<double> gradient) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += number(before[i]);
    return gradient;
}

/// Calls `run()` with 1, 2 and 4 threads; what it returns must have the same bits each time.
template <class Run>
void check_same_for_all_thread_counts(Run&& run) {
    const int before = get_num_threads();
    set_num_threads(1);
    const auto expected = run();
    for (int threads : {2, 4}) {
        set_num_threads(threads);
        CHECK(run().same_bits(expected));
    }
    set_num_threads(before);
}

}  // namespace xnn::testing
