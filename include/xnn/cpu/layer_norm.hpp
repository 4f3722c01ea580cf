// Layer normalisation: each row of a matrix to mean 0 and variance 1.
#pragma once

#include "xnn/core/device.hpp"
#include "xnn/cpu/moments.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

/// A row of a matrix that something is multiplied with: weights, or 1.
template <class T, class Count>
XNN_INLINE simd::batch<T> load_or_one(const T* p, index_t i, Count n) {
    return p != nullptr ? simd::load(p + i, n) : simd::keep<T>(simd::batch<T>(1), n, compute_t<T>(0));
}

template <class T>
Moments<simd::batch<T>> row_moments(const T* x, index_t n) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const V sum = simd::sum_registers<T>(n, [=](index_t i, auto count) { return simd::load(x + i, count); });
    const V guess(simd::reduce_add(sum) / static_cast<C>(n));
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

/// gx of one row.
template <class T>
void normalize_row_backward(index_t n, const T* x, const T* weight, const T* gy, T* gx, bool add_gx, compute_t<T> mean, compute_t<T> rstd) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const V m(mean), r(rstd);
    const auto sums = sum_pairs<T>(n, [=](index_t i, auto count) {
        const V g = simd::load(gy + i, count) * load_or_one(weight, i, count);
        return TwoSums<V>{g, g * ((simd::load(x + i, count) - m) * r)};
    });
    const V mean_g(simd::reduce_add(sums.first) / static_cast<C>(n));
    const V mean_gx(simd::reduce_add(sums.second) / static_cast<C>(n));
    simd::for_registers<T>(n, [=](index_t i, auto count) {
        const V g = simd::load(gy + i, count) * load_or_one(weight, i, count);
        const V normalized = (simd::load(x + i, count) - m) * r;
        simd::put(gx + i, r * (g - mean_g - normalized * mean_gx), count, add_gx);
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
    using V = simd::batch<T>;
    const auto input_rows = [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row)
            detail::normalize_row_backward(n, x + row * n, weight, gy + row * n, gx + row * n, add_gx, mean[row], rstd[row]);
    };
    const auto parameter_columns = [=](index_t begin, index_t end) {
        simd::for_registers<T>(end - begin, [=](index_t offset, auto count) {
            const index_t i = begin + offset;
            const auto sums = detail::sum_rows<V>(rows, [=](index_t row) {
                const V g = simd::load(gy + row * n + i, count);
                return detail::TwoSums<V>{g * ((simd::load(x + row * n + i, count) - V(mean[row])) * V(rstd[row])), g};
            });
            if (gweight != nullptr) simd::put(gweight + i, sums.first, count, add_gweight);
            if (gbias != nullptr) simd::put(gbias + i, sums.second, count, add_gbias);
        });
    };
    if (gx != nullptr) parallel_chunks(rows, items_per_task(n), input_rows);
    if (gweight == nullptr && gbias == nullptr) return;
    const index_t registers_per_task = items_per_task(rows * simd::width<T>);
    parallel_chunks(n, registers_per_task * simd::width<T>, parameter_columns);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
