// Arrays of random numbers. Number i depends on the stream and on i alone.
#pragma once

#include <numbers>

#include "xnn/core/device.hpp"
#include "xnn/core/generator.hpp"
#include "xnn/cpu/math/exponential.hpp"
#include "xnn/cpu/math/trigonometric.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace random_detail {

/// Calls body(first, count) for stretches of a multiple of four numbers.
template <class Body>
void for_stretches(index_t n, Body&& body) {
    parallel_chunks(n, 8192, [&](index_t begin, index_t end) {
        for (index_t i = begin; i < end; i += 64) body(i, std::min<index_t>(64, end - i));
    });
}

/// Uniform numbers on [0, 1) from a word, or from two: as many bits as the type holds.
inline float uniform(std::uint32_t high) { return static_cast<float>(high >> 8) * 0x1p-24F; }
inline double uniform(std::uint32_t high, std::uint32_t low) {
    return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

}  // namespace random_detail

/// Uniform numbers on [0, 1): RandomStream::uniform(i) in float and 16-bit types, more bits in double.
template <Floating T>
void fill_uniform(Cpu, const RandomStream& stream, T* out, index_t n) {
    random_detail::for_stretches(n, [=](index_t first, index_t count) {
        constexpr index_t per_group = std::same_as<T, double> ? 2 : 4;
        alignas(64) T numbers[64];
        for (index_t i = 0; i < 64; i += per_group) {  // a fixed count of groups, which compilers compute side by side
            const auto words = stream.group((first + i) / per_group);
            T* to = numbers + i;
            if constexpr (std::same_as<T, double>)
                for (std::size_t k = 0; k < 2; ++k) to[k] = random_detail::uniform(words[2 * k], words[2 * k + 1]);
            else
                for (std::size_t k = 0; k < 4; ++k) to[k] = static_cast<T>(random_detail::uniform(words[k]));
        }
        std::copy_n(numbers, count, out + first);
    });
}

/// Numbers of a normal distribution: RandomStream::normal(i) to within rounding.
template <Floating T>
void fill_normal(Cpu, const RandomStream& stream, T* out, index_t n, double mean, double std) {
    using B = compute_t<T>;
    using V = simd::batch<T>;
    random_detail::for_stretches(n, [=](index_t first, index_t count) {
        alignas(64) B radius[64], angle[64];
        for (index_t i = 0; i < 64; i += 2) {
            const auto words = stream.group((first + i) / 2);
            for (std::size_t k = 0; k < 2; ++k) {
                radius[static_cast<std::size_t>(i) + k] = static_cast<B>((static_cast<double>(words[2 * k]) + 1) * 0x1p-32);
                angle[static_cast<std::size_t>(i) + k] = static_cast<B>(static_cast<double>(words[2 * k + 1]) * 0x1p-32);
            }
        }
        constexpr index_t w = simd::width<T>;
        for (index_t i = 0; i < count; i += w) {
            const V r = math::sqrt(V(B(-2)) * math::log(simd::load(radius + i)));
            const V normal = r * math::cos(V(static_cast<B>(2 * std::numbers::pi)) * simd::load(angle + i));
            simd::store(out + first + i, simd::fma(normal, V(static_cast<B>(std)), V(static_cast<B>(mean))), std::min(w, count - i));
        }
    });
}

/// Whole numbers of [low, high).
template <class T>
void fill_integers(Cpu, const RandomStream& stream, T* out, index_t n, std::int64_t low, std::int64_t high) {
    const auto range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    random_detail::for_stretches(n, [=](index_t first, index_t count) {
        for (index_t i = 0; i < count; ++i) {
            const auto words = stream.group((first + i) / 2);
            const std::size_t k = (first + i) % 2 == 0 ? 0 : 2;
            const std::uint64_t number = (std::uint64_t{words[k]} << 32 | words[k + 1]) % range;
            out[first + i] = static_cast<T>(static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + number));
        }
    });
}

/// 1 where a uniform number is less than p, else 0.
template <class U, class T>
void fill_bernoulli(Cpu, const U* uniform, index_t n, double p, T* out) {
    for (index_t i = 0; i < n; ++i) out[i] = static_cast<T>(static_cast<double>(uniform[i]) < p ? 1 : 0);
}
/// The same with a probability for each.
template <class T>
void fill_bernoulli(Cpu, const T* uniform, index_t n, const T* p, T* out) {
    for (index_t i = 0; i < n; ++i) out[i] = static_cast<T>(static_cast<double>(uniform[i]) < static_cast<double>(p[i]) ? 1 : 0);
}

/// The position of the first number that is not in [0, 1]; -1 if all are.
template <class T>
index_t check_probabilities(Cpu, const T* p, index_t n) {
    for (index_t i = 0; i < n; ++i)
        if (const auto x = static_cast<double>(p[i]); !(x >= 0 && x <= 1)) return i;
    return -1;
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
