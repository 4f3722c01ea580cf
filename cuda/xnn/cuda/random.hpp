// Arrays of random numbers: the same as the Cpu's for the same stream.
#pragma once

#include <numbers>

#include "xnn/core/dtype.hpp"
#include "xnn/core/generator.hpp"
#include "xnn/cpu/random.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels {

namespace cuda_random {

/// The two words of number i, chosen from a group, not indexed: what is indexed while a kernel runs stands in memory.
struct WordPair {
    std::uint32_t first, second;
    XNN_INLINE WordPair(const RandomStream& stream, index_t i) {
        const auto words = stream.group(i / 2);
        const bool even = i % 2 == 0;
        first = even ? words[0] : words[2];
        second = even ? words[1] : words[3];
    }
    XNN_INLINE std::uint64_t both() const { return std::uint64_t{first} << 32 | second; }
};

template <class T>
struct Uniform {
    RandomStream stream;
    T* out;
    XNN_INLINE void operator()(index_t i) const {
        if constexpr (std::same_as<T, double>) {
            out[i] = static_cast<double>(WordPair(stream, i).both() >> 11) * 0x1p-53;
        } else {
            out[i] = static_cast<T>(stream.uniform(i));
        }
    }
};

template <class T>
struct Normal {
    RandomStream stream;
    T* out;
    compute_t<T> mean, std;
    XNN_INLINE void operator()(index_t i) const {
        using B = compute_t<T>;
        const WordPair words(stream, i);
        const B radius = std::sqrt(B(-2) * std::log(static_cast<B>((static_cast<double>(words.first) + 1) * 0x1p-32)));
        const B angle = static_cast<B>(2 * std::numbers::pi) * static_cast<B>(static_cast<double>(words.second) * 0x1p-32);
        out[i] = static_cast<T>(radius * std::cos(angle) * std + mean);
    }
};

template <class T>
struct Integers {
    RandomStream stream;
    T* out;
    std::uint64_t low, range;
    XNN_INLINE void operator()(index_t i) const {
        out[i] = static_cast<T>(static_cast<std::int64_t>(low + WordPair(stream, i).both() % range));
    }
};

/// P is a number or a pointer to one for each.
template <class U, class P, class T>
struct Bernoulli {
    const U* uniform;
    P p;
    T* out;
    XNN_INLINE void operator()(index_t i) const {
        double probability;
        if constexpr (std::is_pointer_v<P>)
            probability = static_cast<double>(p[i]);
        else
            probability = p;
        out[i] = static_cast<T>(static_cast<double>(uniform[i]) < probability ? 1 : 0);
    }
};

}  // namespace cuda_random

/// Uniform numbers on [0, 1).
template <Floating T, cuda::Device D>
void fill_uniform(D device, const RandomStream& stream, T* out, index_t n) {
    cuda::launch(device, n, cuda_random::Uniform<T>{stream, out});
}

/// Numbers of a normal distribution: the Cpu's to within rounding.
template <Floating T, cuda::Device D>
void fill_normal(D device, const RandomStream& stream, T* out, index_t n, double mean, double std) {
    using B = compute_t<T>;
    cuda::launch(device, n, cuda_random::Normal<T>{stream, out, static_cast<B>(mean), static_cast<B>(std)});
}

/// Whole numbers of [low, high).
template <class T, cuda::Device D>
void fill_integers(D device, const RandomStream& stream, T* out, index_t n, std::int64_t low, std::int64_t high) {
    const auto first = static_cast<std::uint64_t>(low);
    cuda::launch(device, n, cuda_random::Integers<T>{stream, out, first, static_cast<std::uint64_t>(high) - first});
}

/// As fill_bernoulli of the Cpu.
template <class U, class T, cuda::Device D>
void fill_bernoulli(D device, const U* uniform, index_t n, double p, T* out) {
    cuda::launch(device, n, cuda_random::Bernoulli<U, double, T>{uniform, p, out});
}
template <class T, cuda::Device D>
void fill_bernoulli(D device, const T* uniform, index_t n, const T* p, T* out) {
    cuda::launch(device, n, cuda_random::Bernoulli<T, const T*, T>{uniform, p, out});
}

/// As check_probabilities of the Cpu; of the probabilities of a GPU it says that they are good.
template <class T, cuda::Device D>
index_t check_probabilities(D device, const T* p, index_t n) {
    if constexpr (xnn::detail::is_host_memory<D>) {
        await(device);
        return check_probabilities(Cpu{}, p, n);
    } else {
        return -1;
    }
}

}  // namespace xnn::kernels
