// Arrays to test with: what an expression's values are, and parameters full of numbers.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "xnn/ops/random.hpp"
#include "xnn/expr/assign.hpp"

/// The elements of an expression, of a tensor or of a parameter.
template <class E>
std::vector<double> values(E&& e) {
    using Node = xnn::operand_t<E>;
    const xnn::Tensor<xnn::value_t<Node>, xnn::shape_t<Node>> tensor = xnn::operand(std::forward<E>(e));
    std::vector<double> result;
    for (auto x : tensor) result.push_back(static_cast<double>(x));
    return result;
}

/// Requires that values agree: relative to those above 1, absolutely below. NaN agrees with NaN.
inline void require_close(const std::vector<double>& got, const std::vector<double>& expected, double tolerance = 1e-12) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        INFO("element " << i << ": got " << got[i] << ", expected " << expected[i]);
        if (std::isnan(expected[i]))
            REQUIRE(std::isnan(got[i]));
        else if (std::isinf(expected[i]))
            REQUIRE(got[i] == expected[i]);
        else
            REQUIRE(std::fabs(got[i] - expected[i]) <= tolerance * std::max(1.0, std::fabs(expected[i])));
    }
}

/// A tensor of numbers that are spread evenly over [low, high).
template <class T, class S>
xnn::Tensor<T, S> random_tensor(const S& shape, double low = -2, double high = 2, std::uint64_t seed = 1) {
    xnn::Generator generator(seed);
    const auto uniform = xnn::rand<S, double>(shape, generator);
    xnn::Tensor<T, S> result(shape);
    for (xnn::index_t i = 0; i < result.size(); ++i)
        result.data()[i] = static_cast<T>(static_cast<xnn::compute_t<T>>(low + (high - low) * uniform.data()[i]));
    return result;
}
/// The same as a parameter.
template <class S, class T = double>
xnn::Parameter<T, S> random_parameter(const S& shape = {}, double low = -2, double high = 2, std::uint64_t seed = 1) {
    return xnn::Parameter<T, S>(random_tensor<T>(shape, low, high, seed));
}

/// Requires that what f() returns, a vector of numbers, has the same bits for 1, 2 and 4 threads.
template <class F>
void require_same_for_any_threads(F&& f) {
    const int before = xnn::get_num_threads();
    xnn::set_num_threads(1);
    const std::vector<double> once = f();
    for (const int threads : {2, 4}) {
        xnn::set_num_threads(threads);
        const std::vector<double> again = f();
        REQUIRE(again.size() == once.size());
        REQUIRE(std::memcmp(again.data(), once.data(), once.size() * sizeof(double)) == 0);
    }
    xnn::set_num_threads(before);
}
