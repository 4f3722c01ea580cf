// Sum, mean, product, and whether any or all are true.
#pragma once

#include "xnn/cpu/reduce/fold.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

// A Reducer of elements of type T says
//   Total, none()                            what stands for a set of elements, and for none
//   one(x, position)                         the total of one element, number `position` of its set
//   block(p, n, position)                    the total of the elements p[0, n); the first is number `position` of its set
//   columns(rows, count, n, position, t)     joins rows[0, count) to the totals t[0, n)
//   join(a, b)                               the total of both sets; a's elements stand in front of b's
//   result(total, count)                     the result for a set of `count` elements, in the precision of a computation
//   gradient(g, x, y, aux)                   the gradient of an element x: for numbers and registers alike. y is the
//                                            result, aux what aux(total, count, y) kept of it.
// Elements come as compute_t<T>.

/// Σ x. Integers sum to int64 and wrap around.
template <class T>
struct SumReducer {
    static constexpr std::string_view name = "sum";
    using result_type = std::conditional_t<Floating<T>, T, std::int64_t>;
    using Total = reduce_detail::wide_t<T>;
    using B = compute_t<T>;

    XNN_INLINE static constexpr Total none() { return 0; }
    XNN_INLINE static Total join(Total a, Total b) {
        if constexpr (std::integral<Total>)
            return static_cast<Total>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
        else
            return a + b;
    }
    XNN_INLINE static Total one(B x, index_t) { return static_cast<Total>(x); }
    Total block(const B* p, index_t n, index_t) const {
        if constexpr (std::floating_point<B>) {
            return static_cast<Total>(reduce_detail::fold(reduce_detail::Sum<B>{}, p, n));
        } else {
            Total sum = 0;
            for (index_t i = 0; i < n; ++i) sum = join(sum, static_cast<Total>(p[i]));
            return sum;
        }
    }
    void columns(const B* const* rows, index_t count, index_t n, index_t position, Total* totals) const {
        if constexpr (std::floating_point<B>)
            reduce_detail::fold_columns(reduce_detail::Sum<B>{}, rows, count, n,
                                        [=](index_t j, B sum) XNN_INLINE_LAMBDA { totals[j] += static_cast<Total>(sum); });
        else
            reduce_detail::columns_one_by_one(*this, rows, count, n, position, totals);
    }
    XNN_INLINE Total result(Total total, index_t) const { return total; }
    /// What one element's gradient is multiplied by: it depends on the count alone.
    constexpr double factor(index_t) const { return 1; }
};

/// Σ x / n; NaN for no elements.
template <class T>
struct MeanReducer : SumReducer<T> {
    static_assert(Floating<T>, "mean: expected floating-point elements; convert them with to<float>(x)");
    static constexpr std::string_view name = "mean";
    XNN_INLINE double result(double total, index_t count) const { return total / static_cast<double>(count); }
    constexpr double factor(index_t count) const { return 1 / static_cast<double>(count); }
};

/// Π x. Integers multiply as int64 and wrap around.
template <class T>
struct ProdReducer {
    static constexpr std::string_view name = "prod";
    using result_type = std::conditional_t<Floating<T>, T, std::int64_t>;
    using B = compute_t<T>;
    using Wide = reduce_detail::wide_t<T>;
    struct Total {
        Wide product;  // of the elements that are not zero
        index_t zeros;
    };

    XNN_INLINE static constexpr Total none() { return {1, 0}; }
    XNN_INLINE static Total join(Total a, Total b) {
        if constexpr (std::integral<Wide>)
            return {static_cast<Wide>(static_cast<std::uint64_t>(a.product) * static_cast<std::uint64_t>(b.product)), a.zeros + b.zeros};
        else
            return {a.product * b.product, a.zeros + b.zeros};
    }
    XNN_INLINE static Total one(B x, index_t) { return x == B(0) ? Total{1, 1} : Total{static_cast<Wide>(x), 0}; }
    Total block(const B* p, index_t n, index_t) const {
        if constexpr (std::floating_point<B>) {
            return {static_cast<Wide>(reduce_detail::fold(NotZeros{}, p, n)),
                    static_cast<index_t>(reduce_detail::fold(reduce_detail::SumOf<B, IsZero>{}, p, n))};
        } else {
            Total total = none();
            for (index_t i = 0; i < n; ++i)
                total = join(total, one(p[i], i));
            return total;
        }
    }
    void columns(const B* const* rows, index_t count, index_t n, index_t position, Total* totals) const {
        if constexpr (std::floating_point<B>) {
            reduce_detail::fold_columns(NotZeros{}, rows, count, n,
                                        [=](index_t j, B product) XNN_INLINE_LAMBDA { totals[j].product *= static_cast<Wide>(product); });
            reduce_detail::fold_columns(reduce_detail::SumOf<B, IsZero>{}, rows, count, n,
                                        [=](index_t j, B zeros) XNN_INLINE_LAMBDA { totals[j].zeros += static_cast<index_t>(zeros); });
        } else {
            reduce_detail::columns_one_by_one(*this, rows, count, n, position, totals);
        }
    }
    XNN_INLINE Wide result(Total total, index_t) const { return total.zeros == 0 ? total.product : total.product * Wide(0); }
    /// The product of the others, as far as an element that is zero sees it.
    XNN_INLINE Wide aux(Total total, index_t, Wide) const { return total.zeros > 1 ? total.product * Wide(0) : total.product; }
    template <class V>
    XNN_INLINE V gradient(V g, V x, V y, V aux) const { return g * math::select(x == V(B(0)), aux, y / x); }

private:
    struct IsZero {
        template <class V>
        XNN_INLINE V operator()(V x) const { return math::select(x == V(B(0)), V(B(1)), V(B(0))); }
    };
    /// The product of what is not zero.
    struct NotZeros {
        static constexpr B start = 1;
        template <class V>
        XNN_INLINE V add(V product, V x) const { return product * math::select(x == V(B(0)), V(B(1)), x); }
        template <class V>
        XNN_INLINE V join(V a, V b) const { return a * b; }
    };
};

namespace reduce_detail {
template <bool Decisive>
struct TruthReducer {
    using result_type = bool;
    using B = bool;
    using Total = bool;
    static constexpr bool differentiable = false;
    XNN_INLINE static constexpr bool none() { return !Decisive; }
    XNN_INLINE static constexpr bool join(bool a, bool b) { return Decisive ? a || b : a && b; }
    XNN_INLINE static bool one(bool x, index_t) { return x; }
    bool block(const bool* p, index_t n, index_t) const {
        for (index_t i = 0; i < n; ++i)
            if (p[i] == Decisive) return Decisive;
        return !Decisive;
    }
    void columns(const bool* const* rows, index_t count, index_t n, index_t, bool* totals) const {
        for (index_t r = 0; r < count; ++r)
            for (index_t j = 0; j < n; ++j) totals[j] = join(totals[j], rows[r][j]);
    }
    XNN_INLINE bool result(bool total, index_t) const { return total; }
};
}  // namespace reduce_detail

/// Whether one element is true; false for none.
template <class T>
struct AnyReducer : reduce_detail::TruthReducer<true> {
    static constexpr std::string_view name = "any";
};
/// Whether every element is true; true for none.
template <class T>
struct AllReducer : reduce_detail::TruthReducer<false> {
    static constexpr std::string_view name = "all";
};

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
