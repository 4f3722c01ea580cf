// Layer normalisation: each row of a matrix to mean 0 and variance 1.
#pragma once

#include <array>

#include "xnn/core/device.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/moments.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

struct ParameterSums;  // names scratch memory

/// A row of a matrix that something is multiplied with: weights, or 1.
template <class T, class Count>
XNN_CPU_INLINE simd::batch<T> load_or_one(const T* p, index_t i, Count n) {
    return p != nullptr ? simd::load(p + i, n) : simd::keep<T>(simd::batch<T>(1), n, compute_t<T>(0));
}

/// The mean of the first part of a row, a guess of the mean of all. Of n / 16 numbers, its square distance from the mean is
/// at most 15 variances, whatever the row: four bits of the variance may cancel, not more.
template <class T>
XNN_CPU_INLINE simd::batch<T> guess_mean(const T* x, index_t n) {
    constexpr index_t w = simd::width<T>;
    const index_t sample = std::min(n, divide_up(divide_up(n, 16), w) * w);
    const auto sum = simd::sum_registers<T>(sample, [=](index_t i, auto count) { return simd::load(x + i, count); });
    return simd::batch<T>(simd::reduce_add(sum) / static_cast<compute_t<T>>(sample));
}

template <class T>
Moments<simd::batch<T>> row_moments(const T* x, index_t n) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const V guess = guess_mean(x, n);
    const auto deviations = sum_pairs<T>(n, [=](index_t i, auto count) {
        const V d = simd::keep<T>(simd::load(x + i, count) - guess, count, C(0));
        return TwoSums<V>{d, d * d};
    });
    const TwoSums<V> totals{V(simd::reduce_add(deviations.first)), V(simd::reduce_add(deviations.second))};
    return moments_around(guess, totals, static_cast<C>(n));
}

// Rows are functions of their own, whose pointers stay in registers: those in a closure are read again after every store.

template <class T>
void normalize_row(index_t n, const T* x, const T* weight, const T* bias, T* y, simd::batch<T> mean, simd::batch<T> rstd) {
    simd::for_registers<T>(n, [=](index_t i, auto count) {
        simd::batch<T> value = (simd::load(x + i, count) - mean) * rstd;
        if (weight != nullptr) value *= simd::load(weight + i, count);
        if (bias != nullptr) value += simd::load(bias + i, count);
        simd::store(y + i, value, count);
    });
}

/// What the gradient of a row is computed from: x̂ = (x - mean) rstd, and the means of w gy and w gy x̂.
template <class T>
struct RowGradient {
    using V = simd::batch<T>;
    const T* x;
    const T* gy;
    V mean, rstd;
    V mean_g{}, mean_gx{};

    template <class Count>
    XNN_CPU_INLINE V normalized(index_t i, Count n) const { return (simd::load(x + i, n) - mean) * rstd; }
};

template <class T>
void sum_row_gradient(index_t n, const T* weight, RowGradient<T>& row) {
    using V = simd::batch<T>;
    const RowGradient<T> r = row;
    const auto sums = sum_pairs<T>(n, [=](index_t i, auto count) {
        const V g = simd::load(r.gy + i, count) * load_or_one(weight, i, count);
        return TwoSums<V>{g, g * r.normalized(i, count)};
    });
    row.mean_g = V(simd::reduce_add(sums.first) / static_cast<compute_t<T>>(n));
    row.mean_gx = V(simd::reduce_add(sums.second) / static_cast<compute_t<T>>(n));
}

/// gx of some rows, if it is wanted, and in one pass what they add to the gradients of weight and bias, if those are.
template <class T, std::size_t Count>
void differentiate_rows(index_t n, const std::array<RowGradient<T>, Count>& rows, const T* weight, T* gx, bool add_gx,
                        compute_t<T>* gweight, compute_t<T>* gbias) {
    using V = simd::batch<T>;
    using C = compute_t<T>;
    simd::for_registers<T>(n, [&, weight, gx, add_gx, gweight, gbias](index_t i, auto count) {
        const V w = load_or_one(weight, i, count);
        TwoSums<V> sums{V(C(0)), V(C(0))};
        XNN_UNROLL for (std::size_t k = 0; k < Count; ++k) {
            const V gy = simd::load(rows[k].gy + i, count), normalized = rows[k].normalized(i, count);
            sums += {gy * normalized, gy};
            if (gx != nullptr)
                simd::put(gx + static_cast<index_t>(k) * n + i, rows[k].rstd * (gy * w - rows[k].mean_g - normalized * rows[k].mean_gx),
                          count, add_gx);
        }
        if (gweight == nullptr) return;
        simd::store(gweight + i, simd::load(gweight + i, count) + sums.first, count);
        simd::store(gbias + i, simd::load(gbias + i, count) + sums.second, count);
    });
}

}  // namespace detail

/// y = (x - mean) rstd weight + bias over the rows of x (rows, n), where rstd = 1 / √(variance + eps) with the biased
/// variance. `weight` and `bias` (n) may be null; `mean` and `rstd` (rows), saved for backward, too.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
template <class T>
void layer_norm_forward(Cpu, const T* x, const T* weight, const T* bias, T* y, compute_t<T>* mean, compute_t<T>* rstd,
                        index_t rows, index_t n, double eps) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    parallel_chunks(rows, items_per_task(n), [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            const T* from = x + row * n;
            const auto moments = detail::row_moments(from, n);
            const V m = moments.mean, r = detail::reciprocal_deviation(moments.variance, static_cast<C>(eps));
            if (mean != nullptr) simd::store(mean + row, m, index_t{1});
            if (rstd != nullptr) simd::store(rstd + row, r, index_t{1});
            detail::normalize_row(n, from, weight, bias, y + row * n, m, r);
        }
    });
}

/// The gradients of layer_norm_forward, with x̂ = (x - mean) rstd: gx = rstd (w gy - mean(w gy) - x̂ mean(w gy x̂)),
/// gweight = Σ gy x̂ and gbias = Σ gy over the rows. Each may be null, and each is added where its flag says so.
template <class T>
void layer_norm_backward(Cpu, const T* x, const T* weight, const T* gy, const compute_t<T>* mean,
                         const compute_t<T>* rstd, T* gx, bool add_gx, T* gweight, bool add_gweight, T* gbias,
                         bool add_gbias, index_t rows, index_t n) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    using Row = detail::RowGradient<T>;
    constexpr index_t most_tasks = 16, together = 4;
    const bool parameters = gweight != nullptr || gbias != nullptr;
    if (gx == nullptr && !parameters) return;
    const index_t grain = std::max(items_per_task(n), parameters ? divide_up(rows, most_tasks) : 1);
    const index_t tasks = divide_up(rows, grain);
    // Each task adds up its rows in sums of its own, which are joined in order.
    C* const sums = parameters ? scratch<detail::ParameterSums, C>(tasks * 2 * n) : nullptr;
    parallel_for(tasks, [=](index_t task) {
        const index_t begin = task * grain, end = std::min(begin + grain, rows);
        C* const sum = parameters ? sums + task * 2 * n : nullptr;
        if (parameters) std::fill_n(sum, 2 * n, C(0));
        const auto gradient = [=](index_t row) {
            Row result{x + row * n, gy + row * n, V(mean[row]), V(rstd[row])};
            if (gx != nullptr) detail::sum_row_gradient(n, weight, result);
            return result;
        };
        const auto differentiate = [=](index_t row, const auto& group) {
            detail::differentiate_rows(n, group, weight, gx != nullptr ? gx + row * n : nullptr, add_gx, sum, parameters ? sum + n : nullptr);
        };
        index_t row = begin;
        for (; row + together <= end; row += together)
            differentiate(row, std::array<Row, 4>{gradient(row), gradient(row + 1), gradient(row + 2), gradient(row + 3)});
        for (; row < end; ++row) differentiate(row, std::array<Row, 1>{gradient(row)});
    });
    const auto join = [=](T* out, bool add, index_t first) {
        if (out == nullptr) return;
        simd::for_registers<T>(n, [=](index_t i, auto count) {
            V total(C(0));
            for (index_t task = 0; task < tasks; ++task) total += simd::load(sums + task * 2 * n + first + i, count);
            simd::put(out + i, total, count, add);
        });
    };
    join(gweight, add_gweight, 0);
    join(gbias, add_gbias, n);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
