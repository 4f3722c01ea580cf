// Losses of single elements: of an input and a target, before any reduction.
// https://pytorch.org/docs/stable/nn.html#loss-functions
#pragma once

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

/// (x - t)²
struct SquaredError {
    static constexpr std::string_view name = "mse_loss";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const { return (x - t) * (x - t); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V) const { return g * (V(I == 0 ? 2 : -2) * (x - t)); }
};

/// |x - t|
struct AbsoluteError {
    static constexpr std::string_view name = "l1_loss";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const { return math::abs(x - t); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V) const {
        const V d = I == 0 ? x - t : t - x;
        return math::select(d > V(0), g, math::select(d < V(0), -g, g * d));  // 0 at 0, NaN at NaN
    }
};

/// d² / (2 beta) for d = |x - t| < beta, else d - beta / 2.
struct SmoothL1 {
    double beta = 1;
    static constexpr std::string_view name = "smooth_l1_loss";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const {
        const V d = math::abs(x - t), b = detail::constant<V>(beta);
        return math::select(d < b, V(0.5) * d * d / b, d - V(0.5) * b);
    }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V) const {
        const V d = I == 0 ? x - t : t - x, b = detail::constant<V>(beta);
        const V outside = math::select(d > V(0), g, math::select(d < V(0), -g, g * d));
        return math::select(math::abs(d) < b, g * d / b, outside);
    }
};

/// d² / 2 for d = |x - t| < delta, else delta (d - delta / 2).
struct Huber {
    double delta = 1;
    static constexpr std::string_view name = "huber_loss";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const {
        const V d = math::abs(x - t), b = detail::constant<V>(delta);
        return math::select(d < b, V(0.5) * d * d, b * (d - V(0.5) * b));
    }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V) const {
        const V d = I == 0 ? x - t : t - x, b = detail::constant<V>(delta);
        return g * math::select(d > b, b, math::select(d < -b, -b, d));
    }
};

/// -(t log x + (1 - t) log(1 - x)), where no logarithm is below -100.
struct BinaryCrossEntropy {
    static constexpr std::string_view name = "binary_cross_entropy";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const {
        return (t - V(1)) * math::max(math::log1p(-x), V(-100)) - t * math::max(math::log(x), V(-100));
    }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V) const {
        if constexpr (I == 0)
            return g * (x - t) / math::max((V(1) - x) * x, detail::constant<V>(1e-12));
        else
            return g * (math::log1p(-x) - math::log(x));
    }
};

/// BinaryCrossEntropy of sigmoid(x), without overflow.
struct BinaryCrossEntropyWithLogits {
    static constexpr std::string_view name = "binary_cross_entropy_with_logits";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const { return (V(1) - t) * x + math::log1p_exp(-x); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V) const {
        if constexpr (I == 0)
            return g * (math::sigmoid(x) - t);
        else
            return -g * x;
    }
};

/// The same with a weight p of the positive answers: (1 - t) x + (1 + (p - 1) t) log(1 + exp(-x)).
struct BinaryCrossEntropyWithPositiveWeight {
    static constexpr std::string_view name = "binary_cross_entropy_with_logits";
    template <class V>
    XNN_INLINE V operator()(V x, V t, V p) const { return (V(1) - t) * x + (V(1) + (p - V(1)) * t) * math::log1p_exp(-x); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V p, V) const {
        if constexpr (I == 0)
            return g * ((V(1) - t) - (V(1) + (p - V(1)) * t) * math::sigmoid(-x));
        else if constexpr (I == 1)
            return g * ((p - V(1)) * math::log1p_exp(-x) - x);
        else
            return g * (t * math::log1p_exp(-x));
    }
};

/// t (log t - x) of log-probabilities x and probabilities t.
struct KlDivergence {
    static constexpr std::string_view name = "kl_div";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const { return math::select(t == V(0), V(0), t * math::log(t)) - t * x; }
    template <int I, class V>
    XNN_INLINE V backward(V g, V x, V t, V) const {
        if constexpr (I == 0)
            return -g * t;
        else
            return g * (math::select(t == V(0), V(0), math::log(t) + V(1)) - x);
    }
};

/// exp(t) (t - x) of log-probabilities x and t.
struct KlDivergenceOfLogs {
    static constexpr std::string_view name = "kl_div";
    template <class V>
    XNN_INLINE V operator()(V x, V t) const { return math::exp(t) * (t - x); }
    template <int I, class V>
    XNN_INLINE V backward(V g, V, V t, V y) const {
        if constexpr (I == 0)
            return -g * math::exp(t);
        else
            return g * (y + math::exp(t));
    }
};

}  // namespace xnn::functors
