// Registers: choosing, classifying, signs, rounding, remainders.
#pragma once

#include <type_traits>

#include "xnn/core/math.hpp"
#include "xnn/cpu/simd.hpp"

/// Like XNN_CPU_INLINE, for functions of registers: these exist on the host alone.
#if defined(__GNUC__)
#define XNN_REGISTER_INLINE [[gnu::always_inline]] inline
#else
#define XNN_REGISTER_INLINE inline
#endif

namespace xnn::math {
inline namespace XNN_SIMD_ARCH {

/// A register of T: float or double.
template <class T>
using Register = xsimd::batch<T>;
/// What comparisons of registers yield.
template <class T>
using Mask = xsimd::batch_bool<T>;

namespace detail {
/// Applies a function of single numbers to each lane: for what is rare, or wanted for few of the lanes.
template <class T, class F, class... Rest>
XNN_REGISTER_INLINE Register<T> lanewise(F f, Register<T> x, Rest... rest) {
    constexpr std::size_t count = 1 + sizeof...(Rest);
    const Register<T> registers[count] = {x, rest...};
    alignas(64) T lanes[count][Register<T>::size];
    for (std::size_t i = 0; i < count; ++i) registers[i].store_aligned(lanes[i]);
    for (std::size_t i = 0; i < Register<T>::size; ++i) {
        if constexpr (count == 1)
            lanes[0][i] = f(lanes[0][i]);
        else
            lanes[0][i] = f(lanes[0][i], lanes[1][i]);
    }
    return Register<T>::load_aligned(lanes[0]);
}

/// terms[0] + terms[1] x + terms[2] x^2 + …
template <class T, std::size_t N>
XNN_REGISTER_INLINE Register<T> horner(Register<T> x, const std::array<T, N>& terms) {
    Register<T> sum(terms[N - 1]);
    XNN_UNROLL for (std::size_t i = 1; i < N; ++i) sum = simd::fma(sum, x, Register<T>(terms[N - 1 - i]));
    return sum;
}

/// horner() in two chains, of the even and of the odd terms: a long one keeps processors waiting for its latency.
template <class T, std::size_t N>
XNN_REGISTER_INLINE Register<T> two_chains(Register<T> x, const std::array<T, N>& terms) {
    const Register<T> square = x * x;
    Register<T> chains[2] = {Register<T>(terms[(N - 1) / 2 * 2]), Register<T>(terms[N / 2 * 2 - 1])};
    XNN_UNROLL for (std::size_t i = 3; i <= N; ++i)
        chains[(N - i) % 2] = simd::fma(chains[(N - i) % 2], square, Register<T>(terms[N - i]));
    return simd::fma(chains[1], x, chains[0]);
}

/// The integer type as wide as T: its registers shift and mask the bits of those of T.
template <class T>
using bits_t = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

template <class T>
XNN_REGISTER_INLINE Register<T> sign_bit(Register<T> x) { return x & Register<T>(T(-0.0)); }
}  // namespace detail

template <class T>
XNN_REGISTER_INLINE Register<T> select(Mask<T> mask, Register<T> a, Register<T> b) { return xsimd::select(mask, a, b); }

template <class T>
XNN_REGISTER_INLINE Mask<T> both(Mask<T> a, Mask<T> b) { return a & b; }
template <class T>
XNN_REGISTER_INLINE Mask<T> either(Mask<T> a, Mask<T> b) { return a | b; }

template <class T>
XNN_REGISTER_INLINE Mask<T> not_equal(Register<T> a, Register<T> b) { return !(a == b); }  // xsimd 8's != is false for NaN
template <class T>
XNN_REGISTER_INLINE Mask<T> isnan(Register<T> x) { return not_equal(x, x); }
template <class T>
XNN_REGISTER_INLINE Mask<T> isinf(Register<T> x) { return xsimd::abs(x) == Register<T>(T(INFINITY)); }
template <class T>
XNN_REGISTER_INLINE Mask<T> isfinite(Register<T> x) { return xsimd::abs(x) < Register<T>(T(INFINITY)); }

template <class T>
XNN_REGISTER_INLINE Register<T> max(Register<T> a, Register<T> b) { return select((a > b) | isnan(a), a, b); }
template <class T>
XNN_REGISTER_INLINE Register<T> min(Register<T> a, Register<T> b) { return select((a < b) | isnan(a), a, b); }
template <class T>
XNN_REGISTER_INLINE Register<T> clamp(Register<T> x, Register<T> low, Register<T> high) { return min(max(x, low), high); }

template <class T>
XNN_REGISTER_INLINE Register<T> fma(Register<T> a, Register<T> b, Register<T> c) { return simd::fma(a, b, c); }
template <class T>
XNN_REGISTER_INLINE Register<T> abs(Register<T> x) { return xsimd::abs(x); }
template <class T>
XNN_REGISTER_INLINE Register<T> sign(Register<T> x) {
    const Register<T> zero(T(0)), one(T(1));
    return select(x > zero, one, select(x < zero, -one, zero));
}
template <class T>
XNN_REGISTER_INLINE Register<T> copysign(Register<T> x, Register<T> y) { return xsimd::abs(x) | detail::sign_bit(y); }

// xsimd's SSE2 emulations of floor, ceil and trunc lose the sign of -0.
template <class T>
XNN_REGISTER_INLINE Register<T> floor(Register<T> x) { return copysign(xsimd::floor(x), x); }
template <class T>
XNN_REGISTER_INLINE Register<T> ceil(Register<T> x) { return copysign(xsimd::ceil(x), x); }
template <class T>
XNN_REGISTER_INLINE Register<T> trunc(Register<T> x) { return copysign(xsimd::trunc(x), x); }
template <class T>
XNN_REGISTER_INLINE Register<T> round(Register<T> x) { return xsimd::nearbyint(x); }
template <class T>
XNN_REGISTER_INLINE Register<T> frac(Register<T> x) { return x - trunc(x); }

namespace detail {
struct Fmod {
    template <class T>
    T operator()(T a, T b) const { return math::fmod(a, b); }
};
}  // namespace detail

/// Exact, lane by lane: a - trunc(a / b) b is far off where a / b is large.
template <class T>
XNN_REGISTER_INLINE Register<T> fmod(Register<T> a, Register<T> b) { return detail::lanewise<T>(detail::Fmod{}, a, b); }
template <class T>
XNN_REGISTER_INLINE Register<T> remainder(Register<T> a, Register<T> b) {
    const Register<T> r = fmod(a, b), zero(T(0));
    return select(((r < zero) & (b > zero)) | ((r > zero) & (b < zero)), r + b, r);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::math
