// The elementary functions of single numbers, on the host and in CUDA kernels. cpu/math.hpp adds those of registers under the
// same names, so that one expression computes either. NaN, infinities and the sign of zero are treated as PyTorch does.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include "xnn/core/config.hpp"

namespace xnn::math {

/// A number that these functions take: arithmetic, but not bool.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool>;
template <class T>
concept Real = std::floating_point<T>;
template <class T>
concept Whole = std::integral<T> && !std::same_as<T, bool>;

/// As constants, which device code may name, and not functions, which it may not call.
template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T lowest = std::numeric_limits<T>::lowest();
template <class T>
inline constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

// ---- choosing and classifying

/// a where the mask holds, b elsewhere.
template <Number T>
XNN_INLINE constexpr T select(bool mask, T a, T b) { return mask ? a : b; }

/// a && b and a || b under one name for truth values and for masks of registers.
XNN_INLINE constexpr bool both(bool a, bool b) { return a && b; }
XNN_INLINE constexpr bool either(bool a, bool b) { return a || b; }

/// a != b: true where one is NaN.
template <Number T>
XNN_INLINE constexpr bool not_equal(T a, T b) { return a != b; }

template <Number T>
XNN_INLINE constexpr bool isnan(T x) { return x != x; }
template <Real T>
XNN_INLINE bool isinf(T x) { return std::isinf(x); }
template <Real T>
XNN_INLINE bool isfinite(T x) { return std::isfinite(x); }
template <Whole T>
XNN_INLINE constexpr bool isinf(T) { return false; }
template <Whole T>
XNN_INLINE constexpr bool isfinite(T) { return true; }

/// The larger; NaN if either is NaN, as torch.maximum.
template <Number T>
XNN_INLINE constexpr T max(T a, T b) { return a > b || a != a ? a : b; }
/// The smaller; NaN if either is NaN, as torch.minimum.
template <Number T>
XNN_INLINE constexpr T min(T a, T b) { return a < b || a != a ? a : b; }
/// min(max(x, low), high), as torch.clamp: high wins where low > high, NaN stays NaN.
template <Number T>
XNN_INLINE constexpr T clamp(T x, T low, T high) { return min(max(x, low), high); }

// ---- sign and rounding

/// a b + c, rounded once.
template <Real T>
XNN_INLINE T fma(T a, T b, T c) { return std::fma(a, b, c); }
template <Whole T>
XNN_INLINE constexpr T fma(T a, T b, T c) { return static_cast<T>(a * b + c); }

template <Real T>
XNN_INLINE T abs(T x) { return std::fabs(x); }
template <Whole T>
XNN_INLINE constexpr T abs(T x) { return x < T(0) ? static_cast<T>(-x) : x; }
/// -1, 0 or 1; 0 for NaN, as torch.sign.
template <Number T>
XNN_INLINE constexpr T sign(T x) { return static_cast<T>((x > T(0)) - (x < T(0))); }
/// |x| with the sign bit of y.
template <Real T>
XNN_INLINE T copysign(T x, T y) { return std::copysign(x, y); }

template <Real T>
XNN_INLINE T floor(T x) { return std::floor(x); }
template <Real T>
XNN_INLINE T ceil(T x) { return std::ceil(x); }
template <Real T>
XNN_INLINE T trunc(T x) { return std::trunc(x); }
/// To the nearest whole number, halves to the even one, as torch.round.
template <Real T>
XNN_INLINE T round(T x) { return std::nearbyint(x); }
template <Whole T>
XNN_INLINE constexpr T floor(T x) { return x; }
template <Whole T>
XNN_INLINE constexpr T ceil(T x) { return x; }
template <Whole T>
XNN_INLINE constexpr T trunc(T x) { return x; }
template <Whole T>
XNN_INLINE constexpr T round(T x) { return x; }
/// x - trunc(x): NaN for infinities, as torch.frac.
template <Real T>
XNN_INLINE T frac(T x) { return x - std::trunc(x); }

/// The exact remainder of a / b with the sign of a.
template <Real T>
XNN_INLINE T fmod(T a, T b) { return std::fmod(a, b); }
template <Whole T>
XNN_INLINE constexpr T fmod(T a, T b) { return static_cast<T>(a % b); }
/// The remainder of a / b with the sign of b, as Python's % and torch.remainder.
template <Number T>
XNN_INLINE T remainder(T a, T b) {
    const T r = math::fmod(a, b);
    return r != T(0) && (r < T(0)) != (b < T(0)) ? static_cast<T>(r + b) : r;
}

// ---- powers and logarithms

template <Real T>
XNN_INLINE T sqrt(T x) { return std::sqrt(x); }
template <Real T>
XNN_INLINE T reciprocal(T x) { return T(1) / x; }
template <Real T>
XNN_INLINE T rsqrt(T x) { return T(1) / std::sqrt(x); }
/// sqrt(a^2 + b^2) without overflow.
template <Real T>
XNN_INLINE T hypot(T a, T b) { return std::hypot(a, b); }
template <Real T>
XNN_INLINE T pow(T x, T y) { return std::pow(x, y); }
template <Real T>
XNN_INLINE T exp(T x) { return std::exp(x); }
template <Real T>
XNN_INLINE T exp2(T x) { return std::exp2(x); }
template <Real T>
XNN_INLINE T expm1(T x) { return std::expm1(x); }
template <Real T>
XNN_INLINE T log(T x) { return std::log(x); }
template <Real T>
XNN_INLINE T log2(T x) { return std::log2(x); }
template <Real T>
XNN_INLINE T log10(T x) { return std::log10(x); }
template <Real T>
XNN_INLINE T log1p(T x) { return std::log1p(x); }

// ---- hyperbolic functions

template <Real T>
XNN_INLINE T sinh(T x) { return std::sinh(x); }
template <Real T>
XNN_INLINE T cosh(T x) { return std::cosh(x); }
template <Real T>
XNN_INLINE T tanh(T x) { return std::tanh(x); }
template <Real T>
XNN_INLINE T asinh(T x) { return std::asinh(x); }
template <Real T>
XNN_INLINE T acosh(T x) { return std::acosh(x); }
template <Real T>
XNN_INLINE T atanh(T x) { return std::atanh(x); }

/// 1 / (1 + exp(-x)) without overflow and without losing the small values of either end.
template <Real T>
XNN_INLINE T sigmoid(T x) {
    const T e = std::exp(-std::fabs(x));
    return (x < T(0) ? e : T(1)) / (T(1) + e);
}
/// log(1 + exp(x)) without overflow: softplus with beta = 1.
template <Real T>
XNN_INLINE T log1p_exp(T x) { return math::max(x, T(0)) + std::log1p(std::exp(-std::fabs(x))); }

// ---- trigonometric functions

template <Real T>
XNN_INLINE T sin(T x) { return std::sin(x); }
template <Real T>
XNN_INLINE T cos(T x) { return std::cos(x); }
template <Real T>
XNN_INLINE T tan(T x) { return std::tan(x); }
template <Real T>
XNN_INLINE T asin(T x) { return std::asin(x); }
template <Real T>
XNN_INLINE T acos(T x) { return std::acos(x); }
template <Real T>
XNN_INLINE T atan(T x) { return std::atan(x); }
template <Real T>
XNN_INLINE T atan2(T y, T x) { return std::atan2(y, x); }

// ---- error and gamma functions

template <Real T>
XNN_INLINE T erf(T x) { return std::erf(x); }
template <Real T>
XNN_INLINE T erfc(T x) { return std::erfc(x); }
/// The distribution function of the standard normal distribution.
template <Real T>
XNN_INLINE T normal_cdf(T x) { return T(0.5) * std::erfc(x * T(-0.70710678118654752440)); }
/// The density of the standard normal distribution.
template <Real T>
XNN_INLINE T normal_pdf(T x) { return T(0.39894228040143267794) * std::exp(T(-0.5) * x * x); }

/// log |Gamma(x)|.
template <Real T>
XNN_INLINE T lgamma(T x) {
#if defined(__GLIBC__) && !defined(__CUDA_ARCH__)
    int sign;  // std::lgamma would store it in a global variable that all threads share
    if constexpr (std::same_as<T, float>)
        return ::lgammaf_r(x, &sign);
    else
        return static_cast<T>(::lgamma_r(static_cast<double>(x), &sign));
#else
    return std::lgamma(x);
#endif
}

/// The derivative of lgamma. At the poles: NaN for negative whole numbers, -inf for 0 and +inf for -0, as torch.digamma.
template <Real T>
XNN_INLINE T digamma(T x) {
    constexpr double pi = 3.14159265358979323846;
    double z = static_cast<double>(x);
    if (z == 0) return static_cast<T>(-1 / z);
    double result = 0;
    if (z < 0) {  // reflection; only the fraction of z matters to the tangent
        const double fraction = z - std::trunc(z);
        if (fraction == 0 || !(z > -1e300)) return static_cast<T>(NAN);
        result = -pi / std::tan(pi * fraction);
        z = 1 - z;
    }
    for (; z < 10; z += 1) result -= 1 / z;
    const double w = 1 / (z * z);
    // Asymptotic series: the terms are Bernoulli numbers B(2k) / (2k).
    const double series =
        w * (1 / 12. - w * (1 / 120. - w * (1 / 252. - w * (1 / 240. - w * (1 / 132. - w * (691 / 32760. - w / 12))))));
    return static_cast<T>(result + std::log(z) - 0.5 / z - series);
}

}  // namespace xnn::math
