// Comparisons, tests and logical operations, whose results are masks, and the choice by a mask.
// https://pytorch.org/docs/stable/torch.html#comparison-ops
#pragma once

#include <concepts>

#include "xnn/expr/functors/base.hpp"

namespace xnn::functors {

namespace detail {

/// Masks have no order: bool, or a register's xsimd::batch_bool.
template <class V>
inline constexpr bool is_mask = std::same_as<V, bool>;
#if !defined(__CUDACC__)
template <class T, class A>
inline constexpr bool is_mask<xsimd::batch_bool<T, A>> = true;
#endif

template <class V>
XNN_INLINE auto less(V a, V b) {
    if constexpr (is_mask<V>)
        return math::both(!a, b);
    else
        return a < b;
}
template <class V>
XNN_INLINE auto less_equal(V a, V b) {
    if constexpr (is_mask<V>)
        return math::either(!a, b);
    else
        return a <= b;
}
template <class V>
XNN_INLINE auto not_equal(V a, V b) {
    if constexpr (is_mask<V>)
        return !(a == b);
    else
        return math::not_equal(a, b);
}
/// Everything but 0 counts as true, NaN too.
template <class V>
XNN_INLINE auto truth(V x) {
    if constexpr (is_mask<V>)
        return x;
    else
        return math::not_equal(x, V(0));
}

/// What all functors of this file but Where say.
struct Predicate {
    static constexpr bool predicate = true;
    static constexpr bool differentiable = false;
};

}  // namespace detail

struct Equal : detail::Predicate {
    static constexpr std::string_view name = "eq";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return a == b; }
};
struct NotEqual : detail::Predicate {
    static constexpr std::string_view name = "ne";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return detail::not_equal(a, b); }
};
struct Less : detail::Predicate {
    static constexpr std::string_view name = "lt";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return detail::less(a, b); }
};
struct LessEqual : detail::Predicate {
    static constexpr std::string_view name = "le";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return detail::less_equal(a, b); }
};
struct Greater : detail::Predicate {
    static constexpr std::string_view name = "gt";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return detail::less(b, a); }
};
struct GreaterEqual : detail::Predicate {
    static constexpr std::string_view name = "ge";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return detail::less_equal(b, a); }
};

struct IsNan : detail::Predicate {
    static constexpr std::string_view name = "isnan";
    template <class V>
    XNN_INLINE auto operator()(V x) const { return math::isnan(x); }
};
struct IsInf : detail::Predicate {
    static constexpr std::string_view name = "isinf";
    template <class V>
    XNN_INLINE auto operator()(V x) const { return math::isinf(x); }
};
struct IsFinite : detail::Predicate {
    static constexpr std::string_view name = "isfinite";
    template <class V>
    XNN_INLINE auto operator()(V x) const { return math::isfinite(x); }
};

struct LogicalNot : detail::Predicate {
    static constexpr std::string_view name = "logical_not";
    template <class V>
    XNN_INLINE auto operator()(V x) const { return !detail::truth(x); }
};
struct LogicalAnd : detail::Predicate {
    static constexpr std::string_view name = "logical_and";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return math::both(detail::truth(a), detail::truth(b)); }
};
struct LogicalOr : detail::Predicate {
    static constexpr std::string_view name = "logical_or";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return math::either(detail::truth(a), detail::truth(b)); }
};
struct LogicalXor : detail::Predicate {
    static constexpr std::string_view name = "logical_xor";
    template <class V>
    XNN_INLINE auto operator()(V a, V b) const { return !(detail::truth(a) == detail::truth(b)); }
};

/// a where the mask holds, b elsewhere; each takes the gradient of what it gave.
struct Where {
    static constexpr std::string_view name = "where";
    static constexpr bool takes_mask = true;
    template <class M, class V>
    XNN_INLINE V operator()(M mask, V a, V b) const { return math::select(mask, a, b); }
    template <int I, class M, class V>
    XNN_INLINE V backward(V g, M mask, V, V, V) const {
        static_assert(I != 0, "a mask has no gradient");
        if constexpr (I == 1)
            return math::select(mask, g, V(0));
        else
            return math::select(mask, V(0), g);
    }
};

}  // namespace xnn::functors
