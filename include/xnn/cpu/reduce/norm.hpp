// Vector norms. https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
#pragma once

#include "xnn/cpu/math/exponential.hpp"
#include "xnn/cpu/reduce/fold.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// (Σ |x|^p)^(1/p); the largest or smallest |x| for p = ±inf, the number of elements that are not zero for p = 0.
template <class T>
struct NormReducer {
    static_assert(Floating<T>, "norm: expected floating-point elements; convert them with to<float>(x)");
    static constexpr std::string_view name = "norm";
    static constexpr bool exact = true;  // p = inf finds the largest elements again by comparison
    using result_type = T;
    using B = compute_t<T>;
    struct Total {
        double value;   // Σ |x|^p, or the largest or smallest |x|
        index_t count;  // how often that occurs; -1: of nothing
    };
    double p = 2;

    XNN_INLINE static constexpr Total none() { return {0, -1}; }
    XNN_INLINE Total join(Total a, Total b) const {
        if (a.count < 0) return b;
        if (b.count < 0) return a;
        if (!std::isinf(p)) return {a.value + b.value, 0};
        if (a.value == b.value) return {a.value, a.count + b.count};
        return {p > 0 ? math::max(a.value, b.value) : math::min(a.value, b.value), (p > 0) == (a.value > b.value) ? a.count : b.count};
    }
    XNN_INLINE Total one(B x, index_t) const {
        if (p == 2) return sum(Square{}(x));
        if (p == 1) return sum(Abs{}(x));
        if (p == 0) return sum(NotZero{}(x));
        if (!std::isinf(p)) return sum(Power{static_cast<B>(p)}(x));
        return {static_cast<double>(std::fabs(x)), 1};
    }
    Total block(const B* x, index_t n, index_t) const {
        using namespace reduce_detail;
        if (p == 2) return sum(fold(SumOf<B, Square>{}, x, n));
        if (p == 1) return sum(fold(SumOf<B, Abs>{}, x, n));
        if (p == 0) return sum(fold(SumOf<B, NotZero>{}, x, n));
        if (!std::isinf(p)) return sum(fold(SumOf<B, Power>{{static_cast<B>(p)}}, x, n));
        Total total = none();
        for (index_t i = 0; i < n; ++i) total = join(total, one(x[i], i));
        return total;
    }
    void columns(const B* const* rows, index_t count, index_t n, index_t position, Total* totals) const {
        if (p != 2) return reduce_detail::columns_one_by_one(*this, rows, count, n, position, totals);
        reduce_detail::fold_columns(reduce_detail::SumOf<B, Square>{}, rows, count, n,
                                    [=, this](index_t j, B squares) XNN_INLINE_LAMBDA { totals[j] = join(totals[j], sum(squares)); });
    }
    XNN_INLINE double result(Total total, index_t) const {
        if (p == 2) return std::sqrt(total.value);
        if (p == 1 || p == 0 || std::isinf(p)) return total.value;
        return std::pow(total.value, 1 / p);
    }
    XNN_INLINE double aux(Total total, index_t, double) const { return static_cast<double>(total.count); }
    template <class V>
    XNN_INLINE V gradient(V g, V x, V y, V aux) const {
        const V zero(B(0));
        if (p == 2) return math::select(y == zero, zero, g * x / y);
        if (p == 0) return zero;
        const V a = math::abs(x), sign = math::sign(x);
        if (p == 1) return g * sign;
        if (std::isinf(p)) return math::select(a == y, g * sign / aux, zero);
        // |x| / y <= 1: its power neither overflows nor loses what a power of y would
        const V slope = g * sign * math::pow(a / y, V(static_cast<B>(p - 1)));
        return math::select(y == zero, zero, p < 1 ? math::select(x == zero, zero, slope) : slope);
    }

private:
    XNN_INLINE static Total sum(B value) { return {static_cast<double>(value), 0}; }
    struct Square {
        template <class V>
        XNN_INLINE V operator()(V x) const { return x * x; }
    };
    struct Abs {
        template <class V>
        XNN_INLINE V operator()(V x) const { return math::abs(x); }
    };
    struct NotZero {
        template <class V>
        XNN_INLINE V operator()(V x) const { return math::select(x == V(B(0)), V(B(0)), V(B(1))); }
    };
    struct Power {
        B p;
        template <class V>
        XNN_INLINE V operator()(V x) const { return math::pow(math::abs(x), V(p)); }
    };
};

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
