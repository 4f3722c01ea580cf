// Elementary functions of arrays, element by element.
// https://pytorch.org/docs/stable/torch.html#pointwise-ops
#pragma once

#include "xnn/expr/functors/exponential.hpp"
#include "xnn/expr/functors/special.hpp"
#include "xnn/expr/functors/trigonometric.hpp"
#include "xnn/ops/cast.hpp"
#include "xnn/ops/operators.hpp"

namespace xnn {

#define XNN_UNARY(name, Functor)                                                      \
    template <Array X>                                                                \
    constexpr auto name(X&& x) { return map(functors::Functor{}, std::forward<X>(x)); }
#define XNN_BINARY(name, Functor)                                                     \
    template <class A, class B>                                                       \
        requires ArrayPair<A, B>                                                      \
    constexpr auto name(A&& a, B&& b) {                                               \
        return map(functors::Functor{}, std::forward<A>(a), std::forward<B>(b));      \
    }

// ---- signs, rounding, remainders

/// -x
XNN_UNARY(neg, Negate)
/// |x|; its gradient at 0 is 0
XNN_UNARY(abs, Abs)
/// x²
XNN_UNARY(square, Square)
/// 1 / x
XNN_UNARY(reciprocal, Reciprocal)
/// -1, 0 or 1
XNN_UNARY(sign, Sign)
/// -1, 0 or 1
XNN_UNARY(sgn, Sign)
/// The largest whole number that is not above x
XNN_UNARY(floor, Floor)
/// The smallest whole number that is not below x
XNN_UNARY(ceil, Ceil)
/// The nearest whole number, halves to the even one
XNN_UNARY(round, Round)
/// x without its fraction
XNN_UNARY(trunc, Trunc)
/// x - trunc(x)
XNN_UNARY(frac, Frac)
/// a + b
XNN_BINARY(add, Add)
/// a - b
XNN_BINARY(sub, Subtract)
/// a b
XNN_BINARY(mul, Multiply)
/// a / b; integers divide as float
XNN_BINARY(div, Divide)
/// The remainder of a / b with the sign of a
XNN_BINARY(fmod, Fmod)
/// The remainder of a / b with the sign of b
XNN_BINARY(remainder, Remainder)
/// |a| with the sign of b
XNN_BINARY(copysign, Copysign)
/// The larger; equal elements share the gradient
XNN_BINARY(maximum, Maximum)
/// The smaller; equal elements share the gradient
XNN_BINARY(minimum, Minimum)
/// a // b: the quotient rounded down. Not differentiable.
template <class A, class B>
    requires ArrayPair<A, B>
constexpr auto floor_divide(A&& a, B&& b) { return floor(std::forward<A>(a) / std::forward<B>(b)); }

/// min(max(x, min), max)
template <Array X>
constexpr auto clamp(X&& x, double min, double max) { return map(functors::Clamp{min, max}, std::forward<X>(x)); }
/// max(x, min)
template <Array X>
constexpr auto clamp_min(X&& x, double min) { return map(functors::ClampMin{min}, std::forward<X>(x)); }
/// min(x, max)
template <Array X>
constexpr auto clamp_max(X&& x, double max) { return map(functors::ClampMax{max}, std::forward<X>(x)); }
/// x with numbers in place of NaN and the infinities; by default 0 and the largest finite ones
template <Array X>
constexpr auto nan_to_num(X&& x, functors::NanToNum numbers = {}) { return map(numbers, std::forward<X>(x)); }

/// a + weight (b - a)
template <class A, class B, Operand W>
    requires ArrayPair<A, B>
constexpr auto lerp(A&& a, B&& b, W&& weight) {
    return map(functors::Lerp{}, std::forward<A>(a), std::forward<B>(b), std::forward<W>(weight));
}
/// x + value a b
template <Array X, Operand A, Operand B>
constexpr auto addcmul(X&& x, A&& a, B&& b, double value = 1) {
    return map(functors::Addcmul{value}, std::forward<X>(x), std::forward<A>(a), std::forward<B>(b));
}
/// x + value a / b
template <Array X, Operand A, Operand B>
constexpr auto addcdiv(X&& x, A&& a, B&& b, double value = 1) {
    return map(functors::Addcdiv{value}, std::forward<X>(x), std::forward<A>(a), std::forward<B>(b));
}

// ---- powers and logarithms

/// x^y. An exponent that is a number is computed without logarithms where it is a usual one; integers are raised as float.
template <class X, class Y>
    requires ArrayPair<X, Y>
constexpr auto pow(X&& x, Y&& y) {
    using T = promoted_t<functors::Pow, operand_t<X>, operand_t<Y>>;
    if constexpr (!Floating<T> && Array<X>)
        return pow(to<float>(std::forward<X>(x)), std::forward<Y>(y));
    else if constexpr (!Floating<T>)
        return pow(std::forward<X>(x), to<float>(std::forward<Y>(y)));
    else if constexpr (std::is_arithmetic_v<std::remove_cvref_t<Y>> && Floating<value_t<operand_t<X>>>)
        return map(functors::PowNumber{static_cast<double>(y)}, std::forward<X>(x));
    else
        return map(functors::Pow{}, std::forward<X>(x), std::forward<Y>(y));
}
/// √x
XNN_UNARY(sqrt, Sqrt)
/// 1 / √x
XNN_UNARY(rsqrt, Rsqrt)
/// eˣ
XNN_UNARY(exp, Exp)
/// 2ˣ
XNN_UNARY(exp2, Exp2)
/// eˣ - 1
XNN_UNARY(expm1, Expm1)
/// The natural logarithm
XNN_UNARY(log, Log)
/// The logarithm to base 2
XNN_UNARY(log2, Log2)
/// The logarithm to base 10
XNN_UNARY(log10, Log10)
/// log(1 + x)
XNN_UNARY(log1p, Log1p)
/// √(a² + b²)
XNN_BINARY(hypot, Hypot)
/// log(exp(a) + exp(b))
XNN_BINARY(logaddexp, Logaddexp)
/// a log b; 0 where a is 0
XNN_BINARY(xlogy, Xlogy)

// ---- trigonometric and hyperbolic functions

/// Sine
XNN_UNARY(sin, Sin)
/// Cosine
XNN_UNARY(cos, Cos)
/// Tangent
XNN_UNARY(tan, Tan)
/// Inverse sine
XNN_UNARY(asin, Asin)
/// Inverse cosine
XNN_UNARY(acos, Acos)
/// Inverse tangent
XNN_UNARY(atan, Atan)
/// Hyperbolic sine
XNN_UNARY(sinh, Sinh)
/// Hyperbolic cosine
XNN_UNARY(cosh, Cosh)
/// Hyperbolic tangent
XNN_UNARY(tanh, Tanh)
/// Inverse hyperbolic sine
XNN_UNARY(asinh, Asinh)
/// Inverse hyperbolic cosine
XNN_UNARY(acosh, Acosh)
/// Inverse hyperbolic tangent
XNN_UNARY(atanh, Atanh)
/// The angle of the point (b, a)
XNN_BINARY(atan2, Atan2)

// ---- special functions

/// The error function
XNN_UNARY(erf, Erf)
/// 1 - erf(x)
XNN_UNARY(erfc, Erfc)
/// log |Γ(x)|
XNN_UNARY(lgamma, Lgamma)
/// sin(πx) / (πx)
XNN_UNARY(sinc, Sinc)
/// log(x / (1 - x)); with eps >= 0, x is clamped to [eps, 1 - eps] first
template <Array X>
constexpr auto logit(X&& x, double eps = -1) { return map(functors::Logit{eps}, std::forward<X>(x)); }

#undef XNN_UNARY
#undef XNN_BINARY

}  // namespace xnn
