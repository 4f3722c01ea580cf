// Variance and standard deviation, from the means of blocks and the squares of what deviates from them.
#pragma once

#include "xnn/cpu/reduce/fold.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// Σ (x - mean)² / (n - correction), or its square root.
template <class T, bool Root>
struct VarianceReducer {
    static_assert(Floating<T>, "var and std: expected floating-point elements; convert them with to<float>(x)");
    static constexpr std::string_view name = Root ? "std" : "var";
    using result_type = T;
    using B = compute_t<T>;
    struct Total {
        double count;
        double mean;
        double squares;  // Σ (x - mean)²
    };
    double correction = 1;
    double count = 0;  // elements of a set

    XNN_INLINE static constexpr Total none() { return {0, 0, 0}; }
    XNN_INLINE static Total join(Total a, Total b) {
        if (a.count == 0) return b;
        if (b.count == 0) return a;
        const double n = a.count + b.count, distance = b.mean - a.mean;
        return {n, a.mean + distance * (b.count / n), a.squares + b.squares + distance * distance * (a.count * b.count / n)};
    }
    XNN_INLINE static Total one(B x, index_t) { return {1, static_cast<double>(x), 0}; }
    Total block(const B* p, index_t n, index_t) const {
        const B center = reduce_detail::fold(reduce_detail::Sum<B>{}, p, n) / static_cast<B>(n);
        return around(center, static_cast<double>(reduce_detail::fold(reduce_detail::SumOf<B, Around>{{center}}, p, n)),
                      static_cast<double>(reduce_detail::fold(reduce_detail::SumOf<B, SquareAround>{{center}}, p, n)), n);
    }
    void columns(const B* const* rows, index_t rows_count, index_t n, index_t, Total* totals) const {
        using V = simd::batch<B>;
        constexpr index_t w = simd::width<B>;
        for (index_t j = 0; j < n; j += w) {
            const index_t some = n - j < w ? n - j : w;
            V center(B(0)), sum(B(0)), squares(B(0));
            for (index_t r = 0; r < rows_count; ++r) center += simd::load(rows[r] + j, some);
            center = center / V(static_cast<B>(rows_count));
            for (index_t r = 0; r < rows_count; ++r) {
                const V d = simd::load(rows[r] + j, some) - center;
                sum += d;
                squares += d * d;
            }
            alignas(64) B lanes[3][w];
            center.store_aligned(lanes[0]);
            sum.store_aligned(lanes[1]);
            squares.store_aligned(lanes[2]);
            for (index_t i = 0; i < some; ++i)
                totals[j + i] = join(totals[j + i], around(lanes[0][i], static_cast<double>(lanes[1][i]), static_cast<double>(lanes[2][i]), rows_count));
        }
    }
    XNN_INLINE double result(Total total, index_t n) const {
        const double variance = total.squares / math::max(0.0, static_cast<double>(n) - correction);
        return n == 0 ? math::not_a_number<double> : Root ? std::sqrt(variance) : variance;
    }
    XNN_INLINE double aux(Total total, index_t, double) const { return total.mean; }
    template <class V>
    XNN_INLINE V gradient(V g, V x, V y, V aux) const {
        const V zero(B(0)), slope = (x - aux) / V(static_cast<B>(math::max(0.0, count - correction)));
        if constexpr (Root)
            return math::select(y == zero, zero, g * slope / y);
        else
            return V(B(2)) * g * slope;
    }

private:
    struct Around {
        B center;
        template <class V>
        XNN_INLINE V operator()(V x) const { return x - V(center); }
    };
    struct SquareAround {
        B center;
        template <class V>
        XNN_INLINE V operator()(V x) const { return (x - V(center)) * (x - V(center)); }
    };
    /// The total of n elements from sums around a center that is close to their mean.
    static Total around(B center, double sum, double squares, index_t n) {
        const double elements = static_cast<double>(n), shift = sum / elements;
        return {elements, static_cast<double>(center) + shift, squares - sum * shift};
    }
};
template <class T>
using VarReducer = VarianceReducer<T, false>;
template <class T>
using StdReducer = VarianceReducer<T, true>;

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
