// Powers, roots, exponentials and logarithms.
// https://pytorch.org/docs/stable/torch.html#pointwise-ops
#pragma once

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

/// x^y
struct Pow {
    static constexpr std::string_view name = "pow";
    template <class V>
    XNN_INLINE V operator()(V x, V y) const { return math::pow(x, y); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V y, V power) const {
        if constexpr (I == 0)
            return math::select(y == V(0), V(0), g * (y * math::pow(x, y - V(1))));
        else
            return math::select(math::both(x == V(0), y >= V(0)), V(0), g * (power * math::log(x)));
    }
};

/// x^exponent for a number that is the same everywhere: the usual ones need no logarithm.
struct PowNumber {
    double exponent;
    static constexpr std::string_view name = "pow_number";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return power(x, exponent); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        if (exponent == 0) return V(0);
        return g * (detail::constant<V>(exponent) * power(x, exponent - 1));
    }

    template <class V>
    XNN_INLINE static V power(V x, double exponent) {
        if (exponent == 1) return x;
        if (exponent == 2) return x * x;
        if (exponent == 3) return x * x * x;
        if (exponent == 0) return V(1);
        if (exponent == -1) return math::reciprocal(x);
        if (exponent == -2) return math::reciprocal(x * x);
        if (exponent == 0.5) return math::sqrt(x);
        if (exponent == -0.5) return math::rsqrt(x);
        return math::pow(x, detail::constant<V>(exponent));
    }
};

struct Sqrt {
    static constexpr std::string_view name = "sqrt";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::sqrt(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return g / (y + y); }
};

/// 1 / sqrt(x)
struct Rsqrt {
    static constexpr std::string_view name = "rsqrt";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::rsqrt(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return detail::constant<V>(-0.5) * g * (y * y * y); }
};

/// sqrt(a^2 + b^2)
struct Hypot {
    static constexpr std::string_view name = "hypot";
    static constexpr bool wants_float = true;
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return math::hypot(a, b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V y) const { return g * ((I == 0 ? a : b) / y); }
};

struct Exp {
    static constexpr std::string_view name = "exp";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::exp(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return g * y; }
};

struct Exp2 {
    static constexpr std::string_view name = "exp2";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::exp2(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return g * y * detail::constant<V>(0.69314718055994530942); }
};

/// exp(x) - 1
struct Expm1 {
    static constexpr std::string_view name = "expm1";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::expm1(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return g * (y + V(1)); }
};

struct Log {
    static constexpr std::string_view name = "log";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::log(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g / x; }
};

struct Log2 {
    static constexpr std::string_view name = "log2";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::log2(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g / (x * detail::constant<V>(0.69314718055994530942)); }
};

struct Log10 {
    static constexpr std::string_view name = "log10";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::log10(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g / (x * detail::constant<V>(2.30258509299404568402)); }
};

/// log(1 + x)
struct Log1p {
    static constexpr std::string_view name = "log1p";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::log1p(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g / (x + V(1)); }
};

/// log(exp(a) + exp(b))
struct Logaddexp {
    static constexpr std::string_view name = "logaddexp";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const {
        const V sum = math::max(a, b) + math::log1p(math::exp(-math::abs(a - b)));
        return math::select(math::both(math::isinf(a), a == b), a, sum);
    }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V) const { return g * math::sigmoid(I == 0 ? a - b : b - a); }
};

/// x log(y), 0 for x = 0 unless y is NaN.
struct Xlogy {
    static constexpr std::string_view name = "xlogy";
    static constexpr bool wants_float = true;
    template <class V>
    XNN_INLINE V operator()(V x, V y) const {
        return math::select(math::both(x == V(0), y == y), V(0), x * math::log(y));
    }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V y, V) const {
        if constexpr (I == 0)
            return math::select(math::both(x == V(0), y <= V(0)), V(0), g * math::log(y));
        else
            return g * x / y;
    }
};

}  // namespace xnn::functors
