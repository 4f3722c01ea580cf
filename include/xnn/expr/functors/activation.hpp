// Smooth activations.
// https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity
#pragma once

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

/// 1 / (1 + exp(-x))
struct Sigmoid {
    static constexpr std::string_view name = "sigmoid";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = false, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::sigmoid(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V, V y) const { return g * ((V(1) - y) * y); }
};

/// log(sigmoid(x))
struct LogSigmoid {
    static constexpr std::string_view name = "log_sigmoid";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return -math::log1p_exp(-x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::sigmoid(-x); }
};

/// x sigmoid(x), also called swish.
struct Silu {
    static constexpr std::string_view name = "silu";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return x * math::sigmoid(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V s = math::sigmoid(x);
        return g * (s * (V(1) + x * (V(1) - s)));
    }
};

/// x Phi(x) with the distribution function of the standard normal distribution.
struct Gelu {
    static constexpr std::string_view name = "gelu";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return x * math::normal_cdf(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * (math::normal_cdf(x) + x * math::normal_pdf(x)); }
#if !defined(__CUDACC__)
    using Floats = math::Register<float>;
    XNN_INLINE Floats operator()(Floats x) const { return math::gelu(x); }
    template <int>
    XNN_INLINE Floats backward(Floats g, Floats x, Floats) const { return g * math::gelu_slope(x); }
#endif
};

/// x (1 + tanh(u)) / 2 = x / (1 + exp(-2u)) with u = sqrt(2 / pi) (x + 0.044715 x^3): GELU with approximate="tanh".
struct GeluTanh {
    static constexpr std::string_view name = "gelu_tanh";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return x / (V(1) + opposite_power(x)); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V s = V(1) / (V(1) + opposite_power(x));
        return g * (s * (V(1) + x * (V(1) - s) * slope(x, 2 * scale, 3 * cubic)));
    }
#if !defined(__CUDACC__)
    using Floats = math::Register<float>;
    XNN_INLINE Floats operator()(Floats x) const { return math::gelu_tanh(x); }
    template <int>
    XNN_INLINE Floats backward(Floats g, Floats x, Floats) const { return g * math::gelu_tanh_slope(x); }
#endif

    static constexpr double cubic = 0.044715, scale = 0.79788456080286535588, log2e = 1.44269504088896340736;
    /// factor (1 + square x^2)
    template <class V>
    XNN_INLINE static V slope(V x, double factor, double square) {
        return math::fma(detail::constant<V>(factor * square), x * x, detail::constant<V>(factor));
    }
    /// exp(-2u), as a power of 2.
    template <class V>
    XNN_INLINE static V opposite_power(V x) { return math::exp2(x * slope(x, -2 * log2e * scale, cubic)); }
};

/// x tanh(log(1 + exp(x))) = x n / (n + 2) with n = e (e + 2), e = exp(x).
struct Mish {
    static constexpr std::string_view name = "mish";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        const V e = bounded_exp(x), n = e * (e + V(2));
        return x * (n / (n + V(2)));
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V e = bounded_exp(x), n = e * (e + V(2)), q = V(1) / (n + V(2));
        return g * (n * q + x * V(4) * (e * q) * (q + e * q));
    }

    /// exp(x) below where n / (n + 2) has long been 1.
    template <class V>
    XNN_INLINE static V bounded_exp(V x) { return math::exp(math::min(x, V(30))); }
};

/// log(1 + exp(beta x)) / beta, and x itself where beta x > threshold.
struct Softplus {
    double beta = 1, threshold = 20;
    static constexpr std::string_view name = "softplus";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        const V z = x * detail::constant<V>(beta);
        return math::select(z > detail::constant<V>(threshold), x, math::log1p_exp(z) / detail::constant<V>(beta));
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V z = x * detail::constant<V>(beta);
        return math::select(z > detail::constant<V>(threshold), g, g * math::sigmoid(z));
    }
};

/// x / (1 + |x|)
struct Softsign {
    static constexpr std::string_view name = "softsign";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return x / (V(1) + math::abs(x)); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V size = V(1) + math::abs(x);
        return g / (size * size);
    }
};

/// x - tanh(x)
struct Tanhshrink {
    static constexpr std::string_view name = "tanhshrink";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return x - math::tanh(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V t = math::tanh(x);
        return g * (t * t);
    }
};

/// x for x > 0, alpha (exp(x) - 1) otherwise.
struct Elu {
    double alpha = 1;
    static constexpr std::string_view name = "elu";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        return math::select(x <= V(0), detail::constant<V>(alpha) * math::expm1(x), x);
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return math::select(x <= V(0), g * (detail::constant<V>(alpha) * math::exp(x)), g);
    }
};

/// x for x > 0, alpha (exp(x / alpha) - 1) otherwise.
struct Celu {
    double alpha = 1;
    static constexpr std::string_view name = "celu";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        return math::select(x <= V(0), detail::constant<V>(alpha) * math::expm1(x / detail::constant<V>(alpha)), x);
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return math::select(x <= V(0), g * math::exp(x / detail::constant<V>(alpha)), g);
    }
};

/// scale x for x > 0, scale alpha (exp(x) - 1) otherwise: keeps mean 0 and variance 1.
struct Selu {
    static constexpr double alpha = 1.6732632423543772848, scale = 1.0507009873554804934;
    static constexpr std::string_view name = "selu";
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        return math::select(x <= V(0), detail::constant<V>(scale * alpha) * math::expm1(x), detail::constant<V>(scale) * x);
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        return g * math::select(x <= V(0), detail::constant<V>(scale * alpha) * math::exp(x), detail::constant<V>(scale));
    }
};

}  // namespace xnn::functors
