// Registers: the error function, the normal distribution, the gamma function.
#pragma once

#include "xnn/cpu/math/exponential.hpp"

namespace xnn::math {
inline namespace XNN_SIMD_ARCH {

namespace detail {

// Minimax terms of erf(x) / x - 1 on |x| <= 1, in powers of x^2.
template <class T>
inline constexpr auto erf_terms = std::array<T, 13>{
    0.1283791670955126,     -0.3761263890318375,     0.11283791670954885,    -0.026866170645077868,  0.0052239776248283855,
    -0.000854832698142344,  0.00012055331132894142,  -1.4925595771013368e-05, 1.6461008463502942e-06, -1.6350396112649645e-07,
    1.4660328227506534e-08, -1.1374954664835615e-09, 5.960684792692471e-11};
template <>
inline constexpr auto erf_terms<float> = std::array<float, 7>{1.2837917e-1f, -3.7612626e-1f, 1.12836e-1f,  -2.6854444e-2f,
                                                              5.189535e-3f,  -8.0208416e-4f, 7.889119e-5f};

// Minimax terms of (1 + 2x) exp(x^2) erfc(x) for x >= 0, in powers of (x - centre) / (x + centre).
template <class T>
struct ErfcxSeries {
    static constexpr T centre = 4;
    static constexpr std::array<T, 23> terms = {
        1.2329951186255526,      -0.13962111684056286,  0.015379652102620177,    0.06809705425473309,
        -0.10103906603632415,    0.09373283499692843,   -0.06633036581205365,    0.03716751556050417,
        -0.016197734054300333,   0.005031969772286326,  -0.0007577733654726344,  -0.0001992555891243672,
        0.00015062231014541043,  -2.4402915923872606e-05, -1.1224876454469938e-05, 5.717397493325241e-06,
        3.0135395397273393e-07,  -8.34596525895664e-07, 6.284220345929418e-08,   1.150001848609291e-07,
        -7.860553861951767e-09,  -1.3585602114177607e-08, -1.7749253222166766e-09};
};
template <>
struct ErfcxSeries<float> {
    static constexpr float centre = 3;
    static constexpr std::array<float, 11> terms = {1.253008e0f,    -1.3562115e-1f,  -4.75624e-2f, 1.296464e-1f,
                                                    -1.1927087e-1f, 6.82959e-2f,     -2.3798196e-2f, 2.5662975e-3f,
                                                    2.0027477e-3f,  -7.7512575e-4f,  -2.669928e-4f};
};

/// exp(x^2) erfc(x) for 0 <= x <= exp_square_limit.
template <class T>
XNN_REGISTER_INLINE Register<T> erfcx(Register<T> x) {
    const Register<T> one(T(1)), centre(ErfcxSeries<T>::centre);
    const Register<T> q = (x - centre) / (x + centre);
    return horner(q, ErfcxSeries<T>::terms) / (x + x + one);
}

/// Beyond it exp(-x^2 / 2) is 0.
template <class T>
inline constexpr T exp_square_limit = sizeof(T) == 4 ? T(15) : T(39);

/// exp(-x^2 factor) for factor 1 or 0.5 and 0 <= x: the rounding error of x^2 would be magnified by the exponential.
template <class T>
XNN_REGISTER_INLINE Register<T> exp_minus_square(Register<T> x, T factor) {
    using Bits = xsimd::batch<bits_t<T>>;
    constexpr bits_t<T> high_half = sizeof(T) == 4 ? bits_t<T>(~0xfff) : bits_t<T>(~0x7ffffff);
    const Register<T> high = xsimd::bitwise_cast<Register<T>>(xsimd::bitwise_cast<Bits>(x) & Bits(high_half));
    const Register<T> square = x * x;
    const Register<T> lost = (high * high - square) + (x - high) * (x + high);
    const Register<T> e = exp(square * Register<T>(-factor));
    return simd::fma(e, lost * Register<T>(-factor), e);
}

struct Lgamma {
    template <class T>
    T operator()(T x) const { return math::lgamma(x); }
};
struct Digamma {
    template <class T>
    T operator()(T x) const { return math::digamma(x); }
};

}  // namespace detail

/// 1 - erf(x); error at most 6 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> erfc(Register<T> x) {
    const Register<T> size = detail::limit(abs(x), T(0), detail::exp_square_limit<T>);
    const Register<T> tail = detail::erfcx(size) * detail::exp_minus_square(size, T(1));
    return select(x < Register<T>(T(0)), Register<T>(T(2)) - tail, tail);
}

/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> erf(Register<T> x) {
    const Register<T> one(T(1)), size = abs(x), square = x * x;
    const Register<T> near = simd::fma(x, detail::horner(square, detail::erf_terms<T>), x);
    const Register<T> bounded = detail::limit(size, T(0), detail::exp_square_limit<T>);
    const Register<T> far = one - detail::erfcx(bounded) * exp(-bounded * bounded);
    return select(size < one, near, copysign(far, x));
}

/// Phi(x) = erfc(-x / sqrt(2)) / 2; error at most 6 ulp, also far to the left, where 1 + erf would cancel.
template <class T>
XNN_REGISTER_INLINE Register<T> normal_cdf(Register<T> x) {
    const Register<T> size = detail::limit(abs(x), T(0), detail::exp_square_limit<T>);
    const Register<T> scaled = detail::erfcx(size * Register<T>(T(0.70710678118654752440)));
    const Register<T> tail = Register<T>(T(0.5)) * scaled * detail::exp_minus_square(size, T(0.5));
    return select(x > Register<T>(T(0)), Register<T>(T(1)) - tail, tail);
}

/// phi(x) = exp(-x^2 / 2) / sqrt(2 pi); error at most 3 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> normal_pdf(Register<T> x) {
    const Register<T> size = detail::limit(abs(x), T(0), detail::exp_square_limit<T>);
    return Register<T>(T(0.39894228040143267794)) * detail::exp_minus_square(size, T(0.5));
}

template <class T>
XNN_REGISTER_INLINE Register<T> lgamma(Register<T> x) { return detail::lanewise<T>(detail::Lgamma{}, x); }
template <class T>
XNN_REGISTER_INLINE Register<T> digamma(Register<T> x) { return detail::lanewise<T>(detail::Digamma{}, x); }

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::math
