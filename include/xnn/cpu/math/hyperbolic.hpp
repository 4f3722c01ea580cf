// Registers: hyperbolic functions, their inverses, and the two that networks are built of, sigmoid and softplus.
#pragma once

#include "xnn/cpu/math/exponential.hpp"

namespace xnn::math {
inline namespace XNN_SIMD_ARCH {

/// Error at most 2.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> tanh(Register<T> x) {
    const Register<T> one(T(1)), half(T(0.5));
    const Register<T> size = simd::min_or_nan(Register<T>(sizeof(T) == 4 ? T(10) : T(20)), abs(x));  // from there on it is 1
    const detail::ExpReduction<T> part{size + size};
    const Register<T> power = detail::power_of_two(part.k - one);
    const Register<T> e = simd::fma(power, detail::small_expm1(part.r), power - half);  // (exp(2x) - 1) / 2
    return copysign(e / (e + one), x);
}

/// Error at most 2.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> sinh(Register<T> x) {
    const Register<T> half = detail::half_expm1(abs(x));  // sinh = (e + e / (e + 1)) / 2 with e = exp - 1
    const Register<T> size = half + half / (half + half + Register<T>(T(1)));
    return select(detail::negligible(x), x, copysign(select(isinf(half), half, size), x));
}

/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> cosh(Register<T> x) {
    const Register<T> half = detail::scaled_exp(abs(x), T(-1));
    return half + Register<T>(T(0.25)) / half;
}

/// Error at most 3.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> asinh(Register<T> x) { return xsimd::asinh(x); }
/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> acosh(Register<T> x) {
    return select(x < Register<T>(T(1)), Register<T>(T(NAN)), xsimd::acosh(x));
}
/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> atanh(Register<T> x) { return xsimd::atanh(x); }

/// Error at most 2.5 ulp, subnormal results included.
template <class T>
XNN_REGISTER_INLINE Register<T> sigmoid(Register<T> x) {
    const Register<T> one(T(1)), e = exp_of_negative(-abs(x));
    return select(x < Register<T>(T(0)), e, one) / (one + e);
}

/// Error at most 2.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> log1p_exp(Register<T> x) {
    return max(x, Register<T>(T(0))) + xsimd::log1p(exp(-abs(x)));
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::math
