// Random numbers that are a function of (seed, position): the same on every device and for any number of threads.
#pragma once

#include <sys/random.h>

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>

#include "xnn/core/error.hpp"
#include "xnn/core/named_buffer.hpp"

namespace xnn {

/// Philox 4x32-10: four words from a 128-bit counter and a 64-bit key.
/// Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
struct Philox {
    using Words = FixedArray<std::uint32_t, 4>;

    XNN_INLINE static constexpr Words words(Words counter, FixedArray<std::uint32_t, 2> key) {
        for (int round = 0; round < 10; ++round) {
            const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
            const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
            counter = Words{high(b) ^ counter[1] ^ key[0], low(b), high(a) ^ counter[3] ^ key[1], low(a)};
            key[0] += 0x9E3779B9U;
            key[1] += 0xBB67AE85U;
        }
        return counter;
    }

private:
    XNN_INLINE static constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
    XNN_INLINE static constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }
};

/// A seed and how many groups of four words were drawn.
struct GeneratorState {
    static constexpr std::uint64_t default_seed = 67280421310721U;  ///< PyTorch's
    std::uint64_t seed = default_seed;
    std::uint64_t offset = 0;
    friend bool operator==(const GeneratorState&, const GeneratorState&) = default;
};

/// A stretch of a generator's numbers: draw `i` is the same whoever asks for it, in whatever order.
struct RandomStream {
    std::uint64_t seed = 0;
    std::uint64_t offset = 0;  // in groups of four words
    /// In a step that a GPU repeats: where it finds the state that the generator has at the step's beginning, in its memory. The
    /// offset counts from there.
    const GeneratorState* begin = nullptr;

    /// Four words that belong to group i.
    XNN_INLINE constexpr Philox::Words group(index_t i) const {
        std::uint64_t n = offset + static_cast<std::uint64_t>(i), key = seed;
#ifdef __CUDA_ARCH__
        if (begin != nullptr) {
            n += begin->offset;
            key = begin->seed;
        }
#endif
        return Philox::words({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), 0, 0},
                             {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
    }

    /// Word i.
    XNN_INLINE constexpr std::uint32_t word(index_t i) const {
        const auto words = group(i / 4);
        const index_t k = i % 4;  // chosen, not indexed: a GPU has no registers that are indexed, and takes memory
        return k < 2 ? (k == 0 ? words[0] : words[1]) : (k == 2 ? words[2] : words[3]);
    }

    /// Number i of a uniform distribution on [0, 1): 24 bits, exact in float.
    XNN_INLINE constexpr float uniform(index_t i) const { return static_cast<float>(word(i) >> 8) * 0x1p-24F; }

    /// Number i of the standard normal distribution, by Box and Muller from two words.
    double normal(index_t i) const {
        const auto words = group(i / 2);
        const std::size_t pair = i % 2 == 0 ? 0 : 2;
        const double radius = std::sqrt(-2 * std::log((words[pair] + 1.0) * 0x1p-32));
        return radius * std::cos(2 * std::numbers::pi * (words[pair + 1] * 0x1p-32));
    }
};

/// A random number generator: a function of its state, a seed and how many numbers were drawn.
class Generator {
public:
    static constexpr std::uint64_t default_seed = GeneratorState::default_seed;
    using State = GeneratorState;

    Generator() = default;
    explicit Generator(std::uint64_t seed) : state_{seed, 0} {}

    /// Restarts from this seed.
    Generator& manual_seed(std::uint64_t seed) {
        state_ = {seed, 0};
        return *this;
    }
    /// Restarts from a seed that the system's entropy gives, and returns it.
    std::uint64_t seed() {
        // Not std::random_device: <random> would be a twentieth of all that a program with xnn.hpp reads.
        std::uint64_t entropy = 0;
        if (getentropy(&entropy, sizeof entropy) != 0) throw Error("Generator::seed: expected entropy from the system, got none");
        manual_seed(entropy);
        return state_.seed;
    }
    std::uint64_t initial_seed() const { return state_.seed; }
    State get_state() const { return state_; }
    void set_state(State state) { state_ = state; }

    /// The same as entries of a checkpoint, by reference. (A template, so that only programs that save pay for compiling it.)
    template <std::same_as<StateDict> State = StateDict>
    State state_dict(const std::string& prefix = "") {
        return {{prefix + "seed", Dtype::I64, {}, &state_.seed, true}, {prefix + "offset", Dtype::I64, {}, &state_.offset, true}};
    }

    /// Takes the next n numbers out of the generator.
    RandomStream draw(index_t n) {
        const RandomStream stream{state_.seed, state_.offset, begin_};
        state_.offset += static_cast<std::uint64_t>(divide_up(n, 2));  // a normal number takes two words
        return stream;
    }

    /// From now on streams begin where a GPU finds it, until this is called with null. Their offsets count from set_state()'s.
    void draw_from(const State* begin) { begin_ = begin; }

private:
    State state_;
    const State* begin_ = nullptr;
};

/// The generator that is used where none is given.
inline Generator& default_generator() {
    static Generator generator;
    return generator;
}

/// Restarts the default generator from this seed.
inline Generator& manual_seed(std::uint64_t seed) { return default_generator().manual_seed(seed); }

}  // namespace xnn
