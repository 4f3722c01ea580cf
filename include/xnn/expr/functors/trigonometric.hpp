// Trigonometric and hyperbolic functions and their inverses.
// https://pytorch.org/docs/stable/torch.html#pointwise-ops
#pragma once

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

struct Sin {
    static constexpr std::string_view name = "sin";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::sin(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::cos(x); }
};

struct Cos {
    static constexpr std::string_view name = "cos";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::cos(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return -g * math::sin(x); }
};

struct Tan {
    static constexpr std::string_view name = "tan";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::tan(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return g * (V(1) + y * y); }
};

struct Asin {
    static constexpr std::string_view name = "asin";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::asin(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::rsqrt(V(1) - x * x); }
};

struct Acos {
    static constexpr std::string_view name = "acos";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::acos(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return -g * math::rsqrt(V(1) - x * x); }
};

struct Atan {
    static constexpr std::string_view name = "atan";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::atan(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g / (x * x + V(1)); }
};

/// The angle of the point (x, y); no gradient at the origin.
struct Atan2 {
    static constexpr std::string_view name = "atan2";
    static constexpr bool wants_float = true;
    template <class V>
    XNN_INLINE V operator()(V y, V x) const { return math::atan2(y, x); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V y, V x, V) const {
        const V square = y * y + x * x;
        return math::select(square == V(0), V(0), g * (I == 0 ? x : -y) / square);
    }
};

struct Sinh {
    static constexpr std::string_view name = "sinh";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::sinh(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::cosh(x); }
};

struct Cosh {
    static constexpr std::string_view name = "cosh";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::cosh(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::sinh(x); }
};

struct Tanh {
    static constexpr std::string_view name = "tanh";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::tanh(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return g * (V(1) - y * y); }
};

struct Asinh {
    static constexpr std::string_view name = "asinh";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::asinh(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::rsqrt(x * x + V(1)); }
};

struct Acosh {
    static constexpr std::string_view name = "acosh";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::acosh(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::rsqrt(x * x - V(1)); }
};

struct Atanh {
    static constexpr std::string_view name = "atanh";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::atanh(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g / (V(1) - x * x); }
};

}  // namespace xnn::functors
