// The largest or smallest element, how often it occurs, and where it stands first. NaN counts as larger and smaller than
// every number.
#pragma once

#include "xnn/cpu/reduce/fold.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// Which end of the order.
enum class Extreme : bool { smallest, largest };

namespace reduce_detail {

template <Extreme End, class B>
using ExtremeFold = std::conditional_t<End == Extreme::largest, Larger<B>, Smaller<B>>;

/// The extreme of a block.
template <Extreme End, class B>
B extreme_of(const B* p, index_t n) {
    const ExtremeFold<End, B> f;
    if constexpr (std::floating_point<B>) {
        return fold(f, p, n);
    } else if constexpr (std::same_as<B, bool>) {
        bool result = End == Extreme::smallest;
        for (index_t i = 0; i < n; ++i) result = End == Extreme::largest ? result || p[i] : result && p[i];
        return result;
    } else {
        return fold_numbers<B>(f, p, n);
    }
}

/// a is nearer to the end than b, or NaN where b is not.
template <Extreme End, class B>
XNN_INLINE constexpr bool beats(B a, B b) {
    if (a != a) return b == b;
    return End == Extreme::largest ? a > b : a < b;
}

}  // namespace reduce_detail

/// The extreme value; its gradient is divided evenly among all elements that have it.
template <class T, Extreme End>
struct ExtremumReducer {
    static constexpr std::string_view name = End == Extreme::largest ? "amax" : "amin";
    static constexpr bool needs_elements = true;  // nothing is the extreme of nothing
    static constexpr bool exact = true;           // the way back finds the extreme elements again by comparison
    using result_type = T;
    using B = compute_t<T>;
    struct Total {
        B value;
        index_t count;
    };

    XNN_INLINE static constexpr Total none() { return {reduce_detail::ExtremeFold<End, B>::start, 0}; }
    XNN_INLINE static Total join(Total a, Total b) {
        if (a.count == 0) return b;
        if (b.count == 0) return a;
        if (a.value == b.value) return {a.value, a.count + b.count};
        return reduce_detail::beats<End>(b.value, a.value) ? b : a;
    }
    XNN_INLINE static Total one(B x, index_t) { return {x, 1}; }
    Total block(const B* p, index_t n, index_t) const {
        const B value = reduce_detail::extreme_of<End>(p, n);
        index_t count = 0;
        if constexpr (std::floating_point<B>)
            count = static_cast<index_t>(reduce_detail::fold(reduce_detail::SumOf<B, IsEqual>{{value}}, p, n));
        else
            for (index_t i = 0; i < n; ++i) count += p[i] == value ? 1 : 0;
        return {value, count == 0 && n > 0 ? 1 : count};
    }
    void columns(const B* const* rows, index_t rows_count, index_t n, index_t position, Total* totals) const {
        if constexpr (std::floating_point<B>) {
            using V = simd::batch<B>;
            constexpr index_t w = simd::width<B>;
            const reduce_detail::ExtremeFold<End, B> f;
            for (index_t j = 0; j < n; j += w) {
                const index_t some = n - j < w ? n - j : w;
                V value(f.start), count(B(0));
                for (index_t r = 0; r < rows_count; ++r) value = f.add(value, simd::load(rows[r] + j, some));
                for (index_t r = 0; r < rows_count; ++r) count += math::select(simd::load(rows[r] + j, some) == value, V(B(1)), V(B(0)));
                alignas(64) B lanes[2][w];
                value.store_aligned(lanes[0]);
                count.store_aligned(lanes[1]);
                for (index_t i = 0; i < some; ++i)
                    totals[j + i] = join(totals[j + i], {lanes[0][i], std::max<index_t>(1, static_cast<index_t>(lanes[1][i]))});
            }
        } else {
            reduce_detail::columns_one_by_one(*this, rows, rows_count, n, position, totals);
        }
    }
    XNN_INLINE B result(Total total, index_t) const { return total.value; }
    XNN_INLINE B aux(Total total, index_t, B) const { return static_cast<B>(total.count); }
    template <class V>
    XNN_INLINE V gradient(V g, V x, V y, V aux) const { return math::select(x == y, V(B(1)), V(B(0))) * g / aux; }

private:
    struct IsEqual {
        B value;
        template <class V>
        XNN_INLINE V operator()(V x) const { return math::select(x == V(value), V(B(1)), V(B(0))); }
    };
};
template <class T>
using MaxReducer = ExtremumReducer<T, Extreme::largest>;
template <class T>
using MinReducer = ExtremumReducer<T, Extreme::smallest>;

/// The position of the first extreme element within its set.
template <class T, Extreme End>
struct ArgReducer {
    static constexpr std::string_view name = End == Extreme::largest ? "argmax" : "argmin";
    static constexpr bool differentiable = false;
    static constexpr bool needs_elements = true;
    using result_type = std::int64_t;
    using B = compute_t<T>;
    struct Total {
        B value;
        index_t position;  // -1: of nothing
    };

    XNN_INLINE static constexpr Total none() { return {B(0), -1}; }
    XNN_INLINE static Total join(Total a, Total b) {
        if (a.position < 0) return b;
        if (b.position < 0 || reduce_detail::beats<End>(a.value, b.value)) return a;
        return reduce_detail::beats<End>(b.value, a.value) || b.position < a.position ? b : a;
    }
    XNN_INLINE static Total one(B x, index_t position) { return {x, position}; }
    Total block(const B* p, index_t n, index_t position) const {
        const B value = reduce_detail::extreme_of<End>(p, n);
        index_t i = 0;
        while (i + 1 < n && !(p[i] == value || p[i] != p[i])) ++i;
        return {value, position + i};
    }
    void columns(const B* const* rows, index_t count, index_t n, index_t position, Total* totals) const {
        if constexpr (std::floating_point<B>) {
            using V = simd::batch<B>;
            constexpr index_t w = simd::width<B>;
            for (index_t j = 0; j < n; j += w) {
                const index_t some = n - j < w ? n - j : w;
                V value = simd::load(rows[0] + j, some), best(B(0));
                for (index_t r = 1; r < count; ++r) {
                    const V x = simd::load(rows[r] + j, some);
                    // Nearer to the end, or the first NaN; comparisons with NaN are false.
                    const auto nearer = End == Extreme::largest ? x > value : x < value;
                    const auto better = (nearer | math::isnan(x)) & !math::isnan(value);
                    value = math::select(better, x, value);
                    best = math::select(better, V(static_cast<B>(r)), best);
                }
                alignas(64) B lanes[2][w];
                value.store_aligned(lanes[0]);
                best.store_aligned(lanes[1]);
                for (index_t i = 0; i < some; ++i) totals[j + i] = join(totals[j + i], {lanes[0][i], position + static_cast<index_t>(lanes[1][i])});
            }
        } else {
            reduce_detail::columns_one_by_one(*this, rows, count, n, position, totals);
        }
    }
    XNN_INLINE index_t result(Total total, index_t) const { return total.position; }
};
template <class T>
using ArgMaxReducer = ArgReducer<T, Extreme::largest>;
template <class T>
using ArgMinReducer = ArgReducer<T, Extreme::smallest>;

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
