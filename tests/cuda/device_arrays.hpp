// Arrays on the device, and what a kernel makes of them there and on the Cpu.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <tuple>
#include <type_traits>
#include <vector>

#include "xnn/cuda/memory.hpp"

namespace xnn::testing {

using Gpu = std::conditional_t<xnn::cuda::has_compiler, Cuda, CudaHost>;
using Numbers = std::vector<float>;

/// Numbers in the memory of the device.
template <class T>
class Array {
public:
    explicit Array(const std::vector<T>& numbers) : size_(numbers.size()), memory_(size_ * sizeof(T)) {
        kernels::copy_bytes(Gpu{}, memory_.data(), Cpu{}, numbers.data(), size_ * sizeof(T));
    }
    T* data() const { return reinterpret_cast<T*>(memory_.data()); }
    std::vector<T> numbers() const {
        std::vector<T> result(size_);
        kernels::copy_bytes(Cpu{}, result.data(), Gpu{}, memory_.data(), size_ * sizeof(T));
        return result;
    }

private:
    std::size_t size_;
    xnn::detail::Buffer<Gpu> memory_;
};

inline Numbers random(index_t n, double mean = 0, unsigned seed = 1) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(static_cast<float>(mean), 1);
    Numbers result(static_cast<std::size_t>(n));
    for (float& x : result) x = normal(engine);
    return result;
}

/// What a kernel makes of arrays: f(device, pointers…) works on all of them in place, on each device.
template <class F, class... T>
void require_same(double tolerance, F&& f, std::vector<T>... arrays) {
    const std::tuple<Array<T>...> device{Array<T>(arrays)...};
    std::apply([&](const auto&... array) { f(Gpu{}, array.data()...); }, device);
    f(Cpu{}, arrays.data()...);
    const auto compare = [&](const auto& expected, const auto& got) {
        double largest = 0, worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
            if (const double error = std::abs(static_cast<double>(expected[i]) - static_cast<double>(got[i])); !(error <= worst)) worst = error;
        }
        REQUIRE(worst <= tolerance * largest);
    };
    std::apply([&](const auto&... array) { (compare(arrays, array.numbers()), ...); }, device);
}

}  // namespace xnn::testing
