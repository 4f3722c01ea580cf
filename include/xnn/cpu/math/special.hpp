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

// Minimax terms of (x + centre) exp(x^2 / 2) Phi(-x) for x >= 0, in powers of (x - centre) / (x + centre).
template <class T>
struct TailSeries {
    static constexpr T centre = 3.5;
    static constexpr std::array<T, 25> terms = {
        0.7444160754359381,       -0.565561816053779,       0.31542496988795105,      -0.11605092871407795,
        0.01740783260212604,      0.006476218919886797,     -0.0031891010499024365,   -0.00044501295074519535,
        0.00047665711795137145,   6.703324211483654e-05,    -7.558475240091516e-05,   -1.8788977271301132e-05,
        1.150695895909185e-05,    5.6522792307702845e-06,   -1.1657514357740533e-06,  -1.4802083101778817e-06,
        -1.4224688762281327e-07,  2.9626601221927526e-07,   1.2329363046758466e-07,   -3.2139931329570544e-08,
        -3.638709345052641e-08,   -2.6348963056905813e-09,  5.225795593981527e-09,    1.1728384507478627e-09,
        -1.3355973980619828e-10};
};
template <>
struct TailSeries<float> {
    static constexpr float centre = 2.8284271f;
    static constexpr std::array<float, 9> terms = {7.2236806e-1f,  -4.8589611e-1f, 1.9761519e-1f,
                                                   -2.5764503e-2f, -1.5192591e-2f, 4.5555294e-3f,
                                                   2.1098722e-3f,  -5.3819211e-4f, -3.3032952e-4f};
};

/// exp(x^2 / 2) Phi(-x) for x >= 0.
template <class T>
XNN_REGISTER_INLINE Register<T> scaled_tail(Register<T> x) {
    const Register<T> one(T(1)), part = one / (x + Register<T>(TailSeries<T>::centre));
    const Register<T> q = simd::fma(Register<T>(-2 * TailSeries<T>::centre), part, one);
    return horner(q, TailSeries<T>::terms) * part;
}

inline constexpr double root_two = 1.41421356237309504880;
/// Beyond it exp(-x^2) is 0, and so is exp(-x^2 / 2) beyond root_two times it.
template <class T>
inline constexpr T exp_square_limit = sizeof(T) == 4 ? T(10.25) : T(27.5);

/// |x|, or the limit where that is less; NaN stays.
template <class T>
XNN_REGISTER_INLINE Register<T> size_up_to(T limit, Register<T> x) { return simd::min_or_nan(Register<T>(limit), abs(x)); }

/// What x * x loses by rounding to `square`, exactly.
template <class T>
XNN_REGISTER_INLINE Register<T> lost_in_square(Register<T> x, Register<T> square) {
    if constexpr (simd::fma_rounds_once) {
        return simd::fma(x, x, -square);
    } else {
        using Bits = xsimd::batch<bits_t<T>>;
        constexpr bits_t<T> high_half = sizeof(T) == 4 ? bits_t<T>(~0xfff) : bits_t<T>(~0x7ffffff);
        const Register<T> high = xsimd::bitwise_cast<Register<T>>(xsimd::bitwise_cast<Bits>(x) & Bits(high_half));
        return (high * high - square) + (x - high) * (x + high);
    }
}

/// exp(-x^2 factor) for factor 1 or 0.5 and x up to the limit that belongs to it: the rounding error of x^2 would be
/// magnified by the exponential.
template <class T>
XNN_REGISTER_INLINE Register<T> exp_minus_square(Register<T> x, T factor) {
    const Register<T> square = x * x, scale_by(-factor);
    const ExpReduction<T> part{square * scale_by};
    return scale(exp_near_zero(simd::fma(lost_in_square(x, square), scale_by, part.r)), part.k);
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

/// 1 - erf(x); error at most 6 ulp, 8 where processors have no fused multiply-add.
template <class T>
XNN_REGISTER_INLINE Register<T> erfc(Register<T> x) {
    const Register<T> two(T(2)), size = detail::size_up_to(detail::exp_square_limit<T>, x);
    const Register<T> scaled = detail::scaled_tail(size * Register<T>(T(detail::root_two)));
    const Register<T> tail = two * scaled * detail::exp_minus_square(size, T(1));
    return select(x < Register<T>(T(0)), two - tail, tail);
}

/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> erf(Register<T> x) {
    const Register<T> one(T(1)), square = x * x;
    const Register<T> near = simd::fma(x, detail::horner(square, detail::erf_terms<T>), x);
    const Register<T> size = detail::size_up_to(detail::exp_square_limit<T>, x);
    const Register<T> half = detail::scaled_tail(size * Register<T>(T(detail::root_two))) * exp(-size * size);
    return select(size < one, near, copysign(one - (half + half), x));
}

/// Phi(x) = erfc(-x / sqrt(2)) / 2; error at most 6 ulp as in erfc, also far to the left, where 1 + erf would cancel.
template <class T>
XNN_REGISTER_INLINE Register<T> normal_cdf(Register<T> x) {
    const Register<T> size = detail::size_up_to(T(detail::root_two) * detail::exp_square_limit<T>, x);
    const Register<T> tail = detail::scaled_tail(size) * detail::exp_minus_square(size, T(0.5));
    return select(x > Register<T>(T(0)), Register<T>(T(1)) - tail, tail);
}

/// phi(x) = exp(-x^2 / 2) / sqrt(2 pi); error at most 3 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> normal_pdf(Register<T> x) {
    const Register<T> size = detail::size_up_to(T(detail::root_two) * detail::exp_square_limit<T>, x);
    return Register<T>(T(0.39894228040143267794)) * detail::exp_minus_square(size, T(0.5));
}

template <class T>
XNN_REGISTER_INLINE Register<T> lgamma(Register<T> x) { return detail::lanewise<T>(detail::Lgamma{}, x); }
template <class T>
XNN_REGISTER_INLINE Register<T> digamma(Register<T> x) { return detail::lanewise<T>(detail::Digamma{}, x); }

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::math
