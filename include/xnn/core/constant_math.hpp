// Functions that the compiler can evaluate: the standard library's cannot before C++26.
#pragma once

#include "xnn/core/config.hpp"

namespace xnn::detail {

/// exp(x) - 1 for x in [0, 700], to a few units in the last place of a double.
constexpr double constant_expm1(double x) {
    constexpr double log2_high = 0.6931471804855391, log2_low = 7.440617110012397e-11;  // whole multiples of the first are exact
    const int k = static_cast<int>(x / (log2_high + log2_low) + 0.5);
    const double r = x - k * log2_high - k * log2_low;
    double sum = 0;  // of the Taylor series, the smallest terms first
    for (int i = 14; i > 0; --i) sum = (sum + 1) * r / i;
    double power = 1;
    for (int i = 0; i < k; ++i) power *= 2;
    return power * sum + (power - 1);
}

constexpr double constant_tanh(double x) {
    if (x != x || x == 0) return x;
    const double size = x < 0 ? -x : x;
    const double e = constant_expm1(size < 20 ? 2 * size : 40);  // beyond, tanh is 1
    const double result = e / (e + 2);
    return x < 0 ? -result : result;
}

constexpr double constant_sigmoid(double x) {
    if (x != x) return x;
    const double size = x < 0 ? -x : x;
    const double inverse = 1 / (1 + constant_expm1(size < 700 ? size : 700));  // exp(-|x|)
    return (x < 0 ? inverse : 1) / (1 + inverse);
}

}  // namespace xnn::detail
