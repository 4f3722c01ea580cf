// The functions of torch.special that networks use.
// https://pytorch.org/docs/stable/special.html
#pragma once

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

struct Erf {
    static constexpr std::string_view name = "erf";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::erf(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * (detail::constant<V>(1.12837916709551257390) * math::exp(-x * x)); }
};

/// 1 - erf(x)
struct Erfc {
    static constexpr std::string_view name = "erfc";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::erfc(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * (detail::constant<V>(-1.12837916709551257390) * math::exp(-x * x)); }
};

/// log |Gamma(x)|
struct Lgamma {
    static constexpr std::string_view name = "lgamma";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const { return math::lgamma(x); }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const { return g * math::digamma(x); }
};

/// log(x / (1 - x)); with an eps >= 0, x is first clamped to [eps, 1 - eps] and has no gradient outside.
struct Logit {
    double eps = -1;
    static constexpr std::string_view name = "logit";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = false;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        const V z = eps < 0 ? x : math::clamp(x, detail::constant<V>(eps), detail::constant<V>(1 - eps));
        return math::log(z / (V(1) - z));
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V) const {
        const V low = detail::constant<V>(eps < 0 ? 0 : eps), outside = detail::constant<V>(eps < 0 ? NAN : 0);
        return math::select(math::either(x < low, x > V(1) - low), outside, g / (x * (V(1) - x)));
    }
};

/// sin(pi x) / (pi x), 1 at 0.
struct Sinc {
    static constexpr std::string_view name = "sinc";
    static constexpr bool wants_float = true;
    static constexpr bool needs_input = true, needs_output = true;
    template <class V>
    XNN_INLINE V operator()(V x) const {
        const V angle = x * detail::constant<V>(3.14159265358979323846);
        return math::select(x == V(0), V(1), math::sin(angle) / angle);
    }
    template <int, class V>
    XNN_INLINE V backward(V g, V x, V y) const {
        const V angle = x * detail::constant<V>(3.14159265358979323846);
        return math::select(x == V(0), V(0), g * ((math::cos(angle) - y) / x));
    }
};

}  // namespace xnn::functors
