// Registers: trigonometric functions and their inverses.
//
// xsimd reduces an argument by a method that depends on the other lanes of its register, so the same number would have
// different sines in different places. Here the method depends on the number alone.
#pragma once

#include "xnn/cpu/math/basic.hpp"

namespace xnn::math {
inline namespace XNN_SIMD_ARCH {

namespace detail {

// pi / 2 in parts so short that a quadrant's number times any but the last is exact, with or without fma.
template <class T>
struct QuarterTurn {
    static constexpr T limit = T(1e6);
    static constexpr T exact[] = {1.5707963267341256};
    static constexpr T second = 6.077100506303966e-11, third = 2.0222662487111665e-21, last = 8.4784276603689e-32;
};
template <>
struct QuarterTurn<float> {
    static constexpr float limit = 12000;
    static constexpr float exact[] = {0x1.92p0f, 0x1.fb4p-12f};
    static constexpr float second = 0x1.444p-24f, third = 0x1.68cp-39f, last = 0x1.1a6264p-54f;
};

/// |x| = quadrant pi / 2 + r with |r| <= pi / 4, for |x| <= QuarterTurn::limit.
template <class T>
struct TurnReduction {
    Register<T> quadrant, r;
    XNN_REGISTER_INLINE explicit TurnReduction(Register<T> x)
        : quadrant(xsimd::nearbyint(abs(x) * Register<T>(T(0.63661977236758134308)))), r(abs(x)) {
        using Part = QuarterTurn<T>;
        for (const T part : Part::exact) r = r - quadrant * Register<T>(part);
        const Register<T> second = quadrant * Register<T>(Part::second), third = quadrant * Register<T>(Part::third);
        const Register<T> a = r - second, lost_by_a = (r - a) - second;
        const Register<T> b = a - third, lost_by_b = (a - b) - third;
        r = b + (lost_by_a + lost_by_b - quadrant * Register<T>(Part::last));
    }
};

// Minimax terms on |r| <= pi / 4, in powers of r^2: sin(r) = r + r^3 (…), cos(r) = 1 - r^2 / 2 + r^4 (…).
template <class T>
inline constexpr auto sin_terms = std::array<T, 6>{-0.16666666666666666, 0.00833333333333094,    -0.00019841269836742975,
                                                   2.7557316094305633e-06, -2.505113010131827e-08, 1.5918002246800957e-10};
template <>
inline constexpr auto sin_terms<float> = std::array<float, 3>{-1.6666664e-1f, 8.332748e-3f, -1.9587757e-4f};
template <class T>
inline constexpr auto cos_terms = std::array<T, 6>{0.041666666666666664,    -0.001388888888888739,  2.480158729875576e-05,
                                                   -2.7557317266493483e-07, 2.087614516327659e-09, -1.138255201901378e-11};
template <>
inline constexpr auto cos_terms<float> = std::array<float, 3>{4.1666664e-2f, -1.3888302e-3f, 2.4547788e-5f};

template <class T>
XNN_REGISTER_INLINE Register<T> small_sin(Register<T> r) {
    const Register<T> square = r * r;
    return simd::fma(r * square, horner(square, sin_terms<T>), r);
}
template <class T>
XNN_REGISTER_INLINE Register<T> small_cos(Register<T> r) {
    const Register<T> one(T(1)), square = r * r, half = square * Register<T>(T(0.5));
    const Register<T> rough = one - half, lost = (one - rough) - half;
    return rough + simd::fma(square * square, horner(square, cos_terms<T>), lost);
}

template <class T>
XNN_REGISTER_INLINE Mask<T> is_odd(Register<T> quadrant) {
    const Register<T> half = quadrant * Register<T>(T(0.5));
    return half != xsimd::floor(half);
}
template <class T>
XNN_REGISTER_INLINE Register<T> negate_if(Mask<T> mask, Register<T> x) { return select(mask, -x, x); }
/// Quadrants 2 and 3 of each turn.
template <class T>
XNN_REGISTER_INLINE Mask<T> in_second_half(Register<T> quadrant) { return is_odd(xsimd::floor(quadrant * Register<T>(T(0.5)))); }

/// Lanes beyond the limit take the function of single numbers.
template <class F, class T>
XNN_REGISTER_INLINE Register<T> beyond_limit(F f, Register<T> x, Register<T> result) {
    const auto far = abs(x) > Register<T>(QuarterTurn<T>::limit);
    return xsimd::any(far) ? select(far, lanewise<T>(f, x), result) : result;
}
struct Sin {
    template <class T>
    T operator()(T x) const { return math::sin(x); }
};
struct Cos {
    template <class T>
    T operator()(T x) const { return math::cos(x); }
};
struct Tan {
    template <class T>
    T operator()(T x) const { return math::tan(x); }
};

}  // namespace detail

/// Error at most 1.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> sin(Register<T> x) {
    const detail::TurnReduction<T> part(x);
    const auto odd = detail::is_odd(part.quadrant);
    const Register<T> wave = select(odd, detail::small_cos(part.r), detail::small_sin(part.r));
    const Register<T> upper = detail::negate_if(detail::in_second_half(part.quadrant), wave) ^ detail::sign_bit(x);
    return detail::beyond_limit(detail::Sin{}, x, upper);
}

/// Error at most 1.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> cos(Register<T> x) {
    const detail::TurnReduction<T> part(x);
    const auto odd = detail::is_odd(part.quadrant);
    const Register<T> wave = select(odd, detail::small_sin(part.r), detail::small_cos(part.r));
    const Register<T> next = part.quadrant + Register<T>(T(1));
    return detail::beyond_limit(detail::Cos{}, x, detail::negate_if(detail::in_second_half(next), wave));
}

/// Error at most 3 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> tan(Register<T> x) {
    const detail::TurnReduction<T> part(x);
    const auto odd = detail::is_odd(part.quadrant);
    const Register<T> s = detail::small_sin(part.r), c = detail::small_cos(part.r);
    const Register<T> slope = select(odd, -c, s) / select(odd, s, c);
    return detail::beyond_limit(detail::Tan{}, x, slope ^ detail::sign_bit(x));
}

/// Error at most 2.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> asin(Register<T> x) { return xsimd::asin(x); }
/// Error at most 2 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> acos(Register<T> x) { return xsimd::acos(x); }
/// Error at most 2.5 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> atan(Register<T> x) { return xsimd::atan(x); }

/// The angle of the point (x, y); error at most 3 ulp.
template <class T>
XNN_REGISTER_INLINE Register<T> atan2(Register<T> y, Register<T> x) {
    const Register<T> zero(T(0)), one(T(1)), pi(T(3.14159265358979323846));
    const Register<T> ratio = abs(y / x);
    const Register<T> usual = xsimd::atan(select(isinf(y) & isinf(x), one, ratio));
    const Register<T> angle = select((y == zero) & (x == zero), zero, usual);
    const auto left = copysign(one, x) < zero;
    return copysign(select(left, pi - angle, angle), y);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::math
