// Registers: roots, powers, exponentials, logarithms.
#pragma once

#include "xnn/cpu/math/basic.hpp"

namespace xnn::math {
inline namespace XNN_SIMD_ARCH {

namespace detail {

// Minimax terms of (exp(r) - 1 - r) / r^2 on |r| <= log(2) / 2.
template <class T>
inline constexpr auto exp_terms = std::array<T, 10>{
    0.5000000000000013,     0.16666666666666696,    0.04166666666651411,    0.008333333333308634,   0.0013888888947370067,
    0.00019841269914478931, 2.480148956052223e-05,  2.7557218759661618e-06, 2.7631422069494556e-07, 2.5117118207032253e-08};
template <>
inline constexpr auto exp_terms<float> =
    std::array<float, 6>{0.5f, 1.6666667e-1f, 4.166627e-2f, 8.333265e-3f, 1.3946181e-3f, 1.9918222e-4f};

/// log(2) in two parts: a whole number below 2^11 times the first is exact.
template <class T>
struct Log2Parts {
    static constexpr T high = 0.6931471804855391, low = 7.440617110012397e-11;
};
template <>
struct Log2Parts<float> {
    static constexpr float high = 0.693145751953125f, low = 1.428606765330187e-6f;
};

/// exp(r) = 1 + small_expm1(r) for |r| <= log(2) / 2.
template <class T>
XNN_REGISTER_INLINE Register<T> small_expm1(Register<T> r) {
    if constexpr (sizeof(T) == 4)
        return simd::fma(r * r, two_chains(r, exp_terms<T>), r);
    else
        return simd::fma(r * r, horner(r, exp_terms<T>), r);  // rounds less
}

// The same terms where the error of exp(r) itself counts: floats need fewer of them.
template <class T>
inline constexpr auto power_terms = exp_terms<T>;
template <>
inline constexpr auto power_terms<float> = std::array<float, 5>{0.499999934f, 0.166665204f, 4.16683908e-2f, 8.36874511e-3f, 1.381454e-3f};

/// exp(r) for |r| <= log(2) / 2.
template <class T>
XNN_REGISTER_INLINE Register<T> exp_near_zero(Register<T> r) {
    const Register<T> one(T(1));
    if constexpr (simd::fma_rounds_once)
        return simd::fma(simd::fma(horner(r, power_terms<T>), r, one), r, one);
    else
        return one + small_expm1(r);  // rounds less where products round
}

/// 2^k for whole k within the exponents of normal numbers: adding 1.5 * 2^(bits of the fraction) puts k into the low bits.
template <class T>
XNN_REGISTER_INLINE Register<T> power_of_two(Register<T> k) {
    constexpr int fraction = sizeof(T) == 4 ? 23 : 52;
    constexpr T shift = sizeof(T) == 4 ? T(0x1.8p23 + 127) : T(0x1.8p52 + 1023);
    using Bits = xsimd::batch<bits_t<T>>;
    return xsimd::bitwise_cast<Register<T>>(xsimd::bitwise_cast<Bits>(k + Register<T>(shift)) << fraction);
}

/// x 2^k, rounded once, for whole k down to where everything underflows and up to where everything overflows.
template <class T>
XNN_REGISTER_INLINE Register<T> scale(Register<T> x, Register<T> k) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_maskz_scalef_ps(static_cast<__mmask16>(-1), x, k);
    else
        return _mm512_maskz_scalef_pd(static_cast<__mmask8>(-1), x, k);
#else
    const Register<T> half = xsimd::floor(k * Register<T>(T(0.5)));
    return x * power_of_two(half) * power_of_two(k - half);
#endif
}

/// x limited to [low, high]; NaN stays.
template <class T>
XNN_REGISTER_INLINE Register<T> limit(Register<T> x, T low, T high) {
    return simd::max_or_nan(Register<T>(low), simd::min_or_nan(Register<T>(high), x));
}

/// The whole number nearest to x factor, for results below 2^(bits of the fraction - 1): adding 1.5 * 2^(bits of the fraction)
/// rounds, in an instruction that multiplies as well.
template <class T>
XNN_REGISTER_INLINE Register<T> nearest(Register<T> x, T factor) {
#if defined(__FAST_MATH__)
    return xsimd::nearbyint(x * Register<T>(factor));  // for there a + b - b is a
#else
    const Register<T> shift(sizeof(T) == 4 ? T(0x1.8p23) : T(0x1.8p52));
    return simd::fma(x, Register<T>(factor), shift) - shift;
#endif
}

/// x = k log(2) + r with whole k and |r| <= log(2) / 2.
template <class T>
struct ExpReduction {
    Register<T> k, r;
    XNN_REGISTER_INLINE explicit ExpReduction(Register<T> x)
        : k(nearest(x, T(1.44269504088896340736))),
          r(simd::fma(k, Register<T>(-Log2Parts<T>::low), simd::fma(k, Register<T>(-Log2Parts<T>::high), x))) {}
};

/// The interval outside which exp is 0 or infinite.
template <class T>
inline constexpr T exp_low = sizeof(T) == 4 ? T(-104) : T(-746);
template <class T>
inline constexpr T exp_high = sizeof(T) == 4 ? T(89) : T(710);

/// exp(x) 2^shift: what would overflow before it is halved.
template <class T>
XNN_REGISTER_INLINE Register<T> scaled_exp(Register<T> x, T shift) {
    const ExpReduction<T> part{limit(x, exp_low<T>, exp_high<T> + T(1))};
    return scale(exp_near_zero(part.r), part.k + Register<T>(shift));
}

/// (exp(x) - 1) / 2: finite wherever sinh(x) is.
template <class T>
XNN_REGISTER_INLINE Register<T> half_expm1(Register<T> x) {
    const ExpReduction<T> part{limit(x, T(-50), exp_high<T> + T(0.5))};
    const Register<T> power = power_of_two(part.k - Register<T>(T(2)));  // a quarter: its largest exponent still exists
    const Register<T> quarter = simd::fma(power, small_expm1(part.r), power - Register<T>(T(0.25)));
    return quarter + quarter;
}

/// So close to 0 that f(x) = x for every odd f with slope 1 there, and for expm1.
template <class T>
XNN_REGISTER_INLINE Mask<T> negligible(Register<T> x) { return abs(x) < Register<T>(T(1e-20)); }

// log(x) = log(2^54 x) - 54 log(2) for subnormal doubles, which xsimd misses.
template <class T>
inline constexpr bool log_needs_scaling = sizeof(T) == 8;
template <class T, class F>
XNN_REGISTER_INLINE Register<T> scaled_log(Register<T> x, F logarithm, T logarithm_of_two) {
    if constexpr (log_needs_scaling<T>) {
        const auto tiny = x < Register<T>(T(0x1p-1022));
        const Register<T> correction(T(54) * logarithm_of_two);
        return logarithm(select(tiny, x * Register<T>(T(0x1p54)), x)) - select(tiny, correction, Register<T>(T(0)));
    } else {
        return logarithm(x);
    }
}
struct Log {
    template <class V>
    XNN_REGISTER_INLINE V operator()(V x) const { return xsimd::log(x); }
};
struct Log2 {
    template <class V>
    XNN_REGISTER_INLINE V operator()(V x) const { return xsimd::log2(x); }
};
struct Log10 {
    template <class V>
    XNN_REGISTER_INLINE V operator()(V x) const { return xsimd::log10(x); }
};
struct Pow {
    template <class T>
    T operator()(T x, T y) const { return math::pow(x, y); }
};

}  // namespace detail

/// Correctly rounded.
template <class T>
XNN_REGISTER_INLINE Register<T> sqrt(Register<T> x) { return xsimd::sqrt(x); }
/// Correctly rounded.
template <class T>
XNN_REGISTER_INLINE Register<T> reciprocal(Register<T> x) { return Register<T>(T(1)) / x; }
/// 1 / sqrt(x); error at most 1.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> rsqrt(Register<T> x) { return Register<T>(T(1)) / xsimd::sqrt(x); }

/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> hypot(Register<T> a, Register<T> b) {
    const Register<T> zero(T(0)), one(T(1)), infinity = Register<T>(T(INFINITY));
    const Register<T> x = abs(a), y = abs(b);
    const Register<T> large = max(x, y), small = min(x, y);
    const Register<T> ratio = small / select(large == zero, one, large);
    const Register<T> length = large * xsimd::sqrt(simd::fma(ratio, ratio, one));
    return select((x == infinity) | (y == infinity), infinity, length);
}

/// e^x; error at most 1 ulp, subnormal results included.
template <class T>
XNN_REGISTER_INLINE Register<T> exp(Register<T> x) {
    const detail::ExpReduction<T> part{detail::limit(x, detail::exp_low<T>, detail::exp_high<T>)};
    return detail::scale(detail::exp_near_zero(part.r), part.k);
}

/// e^x for x <= 0: one bound less to keep.
template <class T>
XNN_REGISTER_INLINE Register<T> exp_of_negative(Register<T> x) {
    const detail::ExpReduction<T> part{simd::max_or_nan(Register<T>(detail::exp_low<T>), x)};
    return detail::scale(detail::exp_near_zero(part.r), part.k);
}

/// 2^x; error at most 1.5 ulp, subnormal results included.
template <class T>
XNN_REGISTER_INLINE Register<T> exp2(Register<T> x) {
    const Register<T> bounded = detail::limit(x, sizeof(T) == 4 ? T(-151) : T(-1076), sizeof(T) == 4 ? T(129) : T(1025));
    const Register<T> k = xsimd::nearbyint(bounded);
    const Register<T> r = (bounded - k) * Register<T>(T(0.69314718055994530942));
    return detail::scale(detail::exp_near_zero(r), k);
}

/// e^x - 1; error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> expm1(Register<T> x) {
    const Register<T> half = detail::half_expm1(x);
    return select(detail::negligible(x), x, half + half);
}

/// Error at most 1 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> log(Register<T> x) {
    return detail::scaled_log<T>(x, detail::Log{}, T(0.69314718055994530942));
}
/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> log2(Register<T> x) { return detail::scaled_log<T>(x, detail::Log2{}, T(1)); }
/// Error at most 1 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> log10(Register<T> x) {
    return detail::scaled_log<T>(x, detail::Log10{}, T(0.30102999566398119521));
}
/// log(1 + x); error at most 1 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> log1p(Register<T> x) { return select(x == Register<T>(T(0)), x, xsimd::log1p(x)); }

/// x^y as std::pow defines it, lane by lane.
template <class T>
XNN_REGISTER_INLINE Register<T> pow(Register<T> x, Register<T> y) { return detail::lanewise<T>(detail::Pow{}, x, y); }

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::math
