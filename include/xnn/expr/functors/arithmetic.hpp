// Sums, products, quotients, rounding, minima and maxima.
// https://pytorch.org/docs/stable/torch.html#pointwise-ops
#pragma once

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

/// a + b
struct Add {
    static constexpr std::string_view name = "add";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return static_cast<V>(a + b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V, V, V) const { return g; }
};

/// a - b
struct Subtract {
    static constexpr std::string_view name = "sub";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return static_cast<V>(a - b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V, V, V) const {
        if constexpr (I == 0)
            return g;
        else
            return -g;
    }
};

/// a b
struct Multiply {
    static constexpr std::string_view name = "mul";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return static_cast<V>(a * b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V) const {
        if constexpr (I == 0)
            return g * b;
        else
            return g * a;
    }
};

/// a / b
struct Divide {
    static constexpr std::string_view name = "div";
    static constexpr bool wants_float = true;
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return a / b; }
    template <int I, class V>
    XNN_INLINE V backward(V g, V, V b, V y) const {
        if constexpr (I == 0)
            return g / b;
        else
            return -g * (y / b);
    }
};

/// The remainder of a / b with the sign of a; b takes -g trunc(a / b).
struct Fmod {
    static constexpr std::string_view name = "fmod";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return math::fmod(a, b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V) const {
        if constexpr (I == 0)
            return g;
        else
            return -g * math::trunc(a / b);
    }
};

/// The remainder of a / b with the sign of b, as Python's %; b takes -g floor(a / b).
struct Remainder {
    static constexpr std::string_view name = "remainder";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return math::remainder(a, b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V) const {
        if constexpr (I == 0)
            return g;
        else
            return -g * math::floor(a / b);
    }
};

/// The larger; equal arguments share the gradient in halves.
struct Maximum {
    static constexpr std::string_view name = "maximum";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return math::max(a, b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V) const {
        const V passed = math::select(I == 0 ? a < b : a > b, V(0), g);
        return math::select(a == b, g * detail::constant<V>(0.5), passed);
    }
};

/// The smaller; equal arguments share the gradient in halves.
struct Minimum {
    static constexpr std::string_view name = "minimum";
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return math::min(a, b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V) const {
        const V passed = math::select(I == 0 ? a > b : a < b, V(0), g);
        return math::select(a == b, g * detail::constant<V>(0.5), passed);
    }
};

/// |a| with the sign of b.
struct Copysign {
    static constexpr std::string_view name = "copysign";
    static constexpr bool wants_float = true;
    template <class V>
    XNN_INLINE V operator()(V a, V b) const { return math::copysign(a, b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V, V y) const {
        if constexpr (I == 0)
            return math::select(a == V(0), V(0), g * (y / a));
        else
            return V(0);
    }
};

/// a + w (b - a), computed from the nearer end.
struct Lerp {
    static constexpr std::string_view name = "lerp";
    template <class V>
    XNN_INLINE V operator()(V a, V b, V w) const {
        const V way = b - a;
        return math::select(math::abs(w) < detail::constant<V>(0.5), a + w * way, b - way * (V(1) - w));
    }
    template <int I, class V>
    XNN_INLINE V backward(V g, V a, V b, V w, V) const {
        if constexpr (I == 0)
            return g * (V(1) - w);
        else if constexpr (I == 1)
            return g * w;
        else
            return g * (b - a);
    }
};

/// x + value a b
struct Addcmul {
    double value = 1;
    static constexpr std::string_view name = "addcmul";
    template <class V>
    XNN_INLINE V operator()(V x, V a, V b) const { return static_cast<V>(x + detail::constant<V>(value) * a * b); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V, V a, V b, V) const {
        if constexpr (I == 0)
            return g;
        else
            return g * detail::constant<V>(value) * (I == 1 ? b : a);
    }
};

/// x + value a / b
struct Addcdiv {
    double value = 1;
    static constexpr std::string_view name = "addcdiv";
    static constexpr bool wants_float = true;
    template <class V>
    XNN_INLINE V operator()(V x, V a, V b) const { return x + detail::constant<V>(value) * a / b; }
    template <int I, class V>
    XNN_INLINE V backward(V g, V, V a, V b, V) const {
        if constexpr (I == 0)
            return g;
        else if constexpr (I == 1)
            return g * (detail::constant<V>(value) / b);
        else
            return -g * (detail::constant<V>(value) * a / (b * b));
    }
};

/// -x
struct Negate {
    static constexpr std::string_view name = "neg";
    static constexpr bool needs_input = false, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return static_cast<V>(-x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V) const { return -g; }
};

/// |x|, with slope 0 at 0.
struct Abs {
    static constexpr std::string_view name = "abs";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::abs(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::sign(x); }
};

/// x^2
struct Square {
    static constexpr std::string_view name = "square";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return static_cast<V>(x * x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * (x + x); }
};

/// 1 / x
struct Reciprocal {
    static constexpr std::string_view name = "reciprocal";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::reciprocal(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return -g * (y * y); }
};

/// -1, 0 or 1; 0 for NaN.
struct Sign {
    static constexpr std::string_view name = "sign";
    static constexpr bool differentiable = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::sign(x); }
};

struct Floor {
    static constexpr std::string_view name = "floor";
    static constexpr bool differentiable = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::floor(x); }
};

struct Ceil {
    static constexpr std::string_view name = "ceil";
    static constexpr bool differentiable = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::ceil(x); }
};

/// To the nearest whole number, halves to the even one.
struct Round {
    static constexpr std::string_view name = "round";
    static constexpr bool differentiable = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::round(x); }
};

struct Trunc {
    static constexpr std::string_view name = "trunc";
    static constexpr bool differentiable = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::trunc(x); }
};

/// x - trunc(x)
struct Frac {
    static constexpr std::string_view name = "frac";
    static constexpr bool needs_input = false, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::frac(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V) const { return g; }
};

/// min(max(x, min), max); no gradient at the bounds nor beyond.
struct Clamp {
    double min, max;
    static constexpr std::string_view name = "clamp";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::clamp(x, detail::constant<V>(min), detail::constant<V>(max)); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return math::select(math::both(x > detail::constant<V>(min), x < detail::constant<V>(max)), g, V(0));
    }
};

/// max(x, min); no gradient at the bound nor below.
struct ClampMin {
    double min;
    static constexpr std::string_view name = "clamp_min";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::max(x, detail::constant<V>(min)); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return math::select(x > detail::constant<V>(min), g, V(0)); }
};

/// min(x, max); no gradient at the bound nor above.
struct ClampMax {
    double max;
    static constexpr std::string_view name = "clamp_max";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::min(x, detail::constant<V>(max)); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return math::select(x < detail::constant<V>(max), g, V(0)); }
};

/// Numbers in place of NaN, inf and -inf; NaN as posinf or neginf stands for the largest and smallest finite number.
struct NanToNum {
    double nan = 0, posinf = NAN, neginf = NAN;
    static constexpr std::string_view name = "nan_to_num";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        const V infinity = detail::constant<V>(INFINITY);
        const V above = posinf == posinf ? detail::constant<V>(posinf) : largest<V>();
        const V below = neginf == neginf ? detail::constant<V>(neginf) : -largest<V>();
        const V finite = math::select(x == infinity, above, math::select(x == -infinity, below, x));
        return math::select(math::isnan(x), detail::constant<V>(nan), finite);
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return math::select(math::isfinite(x), g, V(0)); }

    template <class V>
    XNN_INLINE static V largest() {
        return detail::constant<V>(sizeof(typename detail::scalar_of<V>::type) == 4 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023);
    }
};

}  // namespace xnn::functors
