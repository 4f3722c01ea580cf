// log Σ exp(x) without overflow, in one pass.
#pragma once

#include "xnn/cpu/math/exponential.hpp"
#include "xnn/cpu/reduce/extremum.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// log Σ exp(x); -inf for no elements.
template <class T>
struct LogSumExpReducer {
    static_assert(Floating<T>, "logsumexp: expected floating-point elements; convert them with to<float>(x)");
    static constexpr std::string_view name = "logsumexp";
    using result_type = T;
    using B = compute_t<T>;
    struct Total {
        double shift;
        double sum;  // Σ exp(x - shift)
    };

    XNN_INLINE static constexpr Total none() { return {0, 0}; }
    XNN_INLINE static Total join(Total a, Total b) {
        if (a.sum == 0) return b;
        if (b.sum == 0) return a;
        const double shift = math::max(a.shift, b.shift);
        return {shift, a.sum * std::exp(a.shift - shift) + b.sum * std::exp(b.shift - shift)};
    }
    XNN_INLINE static Total one(B x, index_t) {
        const B shift = finite(x);
        return {static_cast<double>(shift), static_cast<double>(math::exp(x - shift))};
    }
    Total block(const B* p, index_t n, index_t) const {
        const B shift = finite(reduce_detail::extreme_of<Extreme::largest>(p, n));
        return {static_cast<double>(shift), static_cast<double>(reduce_detail::fold(reduce_detail::SumOf<B, ExpAbove>{{shift}}, p, n))};
    }
    void columns(const B* const* rows, index_t count, index_t n, index_t, Total* totals) const {
        using V = simd::batch<B>;
        constexpr index_t w = simd::width<B>;
        for (index_t j = 0; j < n; j += w) {
            const index_t some = n - j < w ? n - j : w;
            V shift(reduce_detail::Larger<B>::start), sum(B(0));
            for (index_t r = 0; r < count; ++r) shift = math::max(shift, simd::load(rows[r] + j, some));
            shift = math::select(math::isfinite(shift), shift, V(B(0)));
            for (index_t r = 0; r < count; ++r) sum += math::exp(simd::load(rows[r] + j, some) - shift);
            alignas(64) B lanes[2][w];
            shift.store_aligned(lanes[0]);
            sum.store_aligned(lanes[1]);
            for (index_t i = 0; i < some; ++i)
                totals[j + i] = join(totals[j + i], {static_cast<double>(lanes[0][i]), static_cast<double>(lanes[1][i])});
        }
    }
    XNN_INLINE double result(Total total, index_t) const { return std::log(total.sum) + total.shift; }
    XNN_INLINE double aux(Total, index_t, double) const { return 0; }
    template <class V>
    XNN_INLINE V gradient(V g, V x, V y, V) const { return g * math::exp(x - y); }

private:
    XNN_INLINE static B finite(B x) { return std::isfinite(x) ? x : B(0); }
    struct ExpAbove {
        B shift;
        template <class V>
        XNN_INLINE V operator()(V x) const { return math::exp(x - V(shift)); }
    };
};

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
