// Piecewise linear activations, and those of polynomials: no elementary function to evaluate.
// https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity
#pragma once

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

/// max(x, 0), with slope 0 at 0.
struct Relu {
    static constexpr std::string_view name = "relu";
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::select(x < V(0), V(0), x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return math::select(y <= V(0), V(0), g); }
};

/// x limited to [min_val, max_val], with slope 0 at both.
struct Hardtanh {
    double min_val = -1, max_val = 1;
    static constexpr std::string_view name = "hardtanh";
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        const V low = detail::constant<V>(min_val), high = detail::constant<V>(max_val);
        return math::select(x < low, low, math::select(x > high, high, x));
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const {
        return math::select(math::either(y <= detail::constant<V>(min_val), y >= detail::constant<V>(max_val)), V(0), g);
    }
};

/// min(max(x, 0), 6), with slope 0 at both.
struct Relu6 {
    static constexpr std::string_view name = "relu6";
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return Hardtanh{0, 6}(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V y) const { return Hardtanh{0, 6}.template backward<0>(g, x, y); }
};

/// x for x > 0, negative_slope x otherwise.
struct LeakyRelu {
    double negative_slope = 0.01;
    static constexpr std::string_view name = "leaky_relu";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::select(x > V(0), x, x * detail::constant<V>(negative_slope)); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return math::select(x > V(0), g, g * detail::constant<V>(negative_slope));
    }
};

/// RReLU out of training: LeakyRelu with the mean slope.
struct Rrelu {
    double lower = 1.0 / 8, upper = 1.0 / 3;
    static constexpr std::string_view name = "rrelu";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return LeakyRelu{(lower + upper) / 2}(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V y) const { return LeakyRelu{(lower + upper) / 2}.template backward<0>(g, x, y); }
};

/// x for x > 0, weight x otherwise; the weight is learnt.
struct Prelu {
    static constexpr std::string_view name = "prelu";
    template <class V>
    XNN_INLINE V operator()(V x, V weight) const { return math::select(x > V(0), x, weight * x); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V weight, V) const {
        if constexpr (I == 0)
            return math::select(x > V(0), g, g * weight);
        else
            return math::select(x > V(0), V(0), g * x);
    }
};

/// x where it exceeds the threshold, value elsewhere.
struct Threshold {
    double threshold, value;
    static constexpr std::string_view name = "threshold";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        return math::select(x <= detail::constant<V>(threshold), detail::constant<V>(value), x);
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return math::select(x <= detail::constant<V>(threshold), V(0), g); }
};

/// 0 on [-lambd, lambd], x elsewhere.
struct Hardshrink {
    double lambd = 0.5;
    static constexpr std::string_view name = "hardshrink";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::select(math::abs(x) <= detail::constant<V>(lambd), V(0), x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return math::select(math::abs(x) <= detail::constant<V>(lambd), V(0), g);
    }
};

/// x moved by lambd towards 0, and 0 on [-lambd, lambd].
struct Softshrink {
    double lambd = 0.5;
    static constexpr std::string_view name = "softshrink";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        const V width = detail::constant<V>(lambd);
        const V moved = math::select(x > width, x - width, x + width);
        return math::select(math::abs(x) <= width, x * V(0), moved);
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return math::select(math::abs(x) <= detail::constant<V>(lambd), V(0), g);
    }
};

/// relu6(x + 3) / 6
struct Hardsigmoid {
    static constexpr std::string_view name = "hardsigmoid";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return Relu6{}(x + V(3)) * detail::constant<V>(1.0 / 6); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return math::select(math::both(x > V(-3), x < V(3)), g * detail::constant<V>(1.0 / 6), V(0));
    }
};

/// x relu6(x + 3) / 6
struct Hardswish {
    static constexpr std::string_view name = "hardswish";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return x * Relu6{}(x + V(3)) * detail::constant<V>(1.0 / 6); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V inner = g * (x * detail::constant<V>(1.0 / 3) + detail::constant<V>(0.5));
        return math::select(x <= V(-3), V(0), math::select(x < V(3), inner, g));
    }
};

}  // namespace xnn::functors
