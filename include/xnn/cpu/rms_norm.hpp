// Root mean square normalisation: each row of a matrix to mean square 1.
#pragma once

#include "xnn/core/scratch.hpp"
#include "xnn/cpu/layer_norm.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace detail {

struct NoMeans;  // names scratch memory

/// The mean of the squares of a row.
template <class T>
simd::batch<T> mean_square(const T* x, index_t n) {
    const auto sum = simd::sum_registers<T>(n, [=](index_t i, auto count) {
        const simd::batch<T> v = simd::load(x + i, count);
        return v * v;
    });
    return simd::batch<T>(simd::reduce_add(sum) / static_cast<compute_t<T>>(n));
}

/// gx of one row.
template <class T>
void rms_row_backward(index_t n, const T* x, const T* weight, const T* gy, T* gx, bool add_gx, compute_t<T> rstd) {
    using V = simd::batch<T>;
    const V r(rstd);
    const V dot(simd::reduce_add(simd::sum_registers<T>(n, [=](index_t i, auto count) {
        return simd::load(gy + i, count) * load_or_one(weight, i, count) * (simd::load(x + i, count) * r);
    })) / static_cast<compute_t<T>>(n));
    simd::for_registers<T>(n, [=](index_t i, auto count) {
        const V g = simd::load(gy + i, count) * load_or_one(weight, i, count);
        simd::put(gx + i, r * (g - simd::load(x + i, count) * r * dot), count, add_gx);
    });
}

}  // namespace detail

/// y = x rstd weight over the rows of x (rows, n), where rstd = 1 / √(mean(x²) + eps). `weight` (n) may be null; `rstd` (rows) is
/// saved for backward. https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
template <class T>
void rms_norm_forward(Cpu, const T* x, const T* weight, T* y, compute_t<T>* rstd, index_t rows, index_t n, double eps) {
    using V = simd::batch<T>;
    parallel_chunks(rows, items_per_task(n), [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            const T* from = x + row * n;
            const V r = detail::reciprocal_deviation(detail::mean_square(from, n), static_cast<compute_t<T>>(eps));
            simd::store(rstd + row, r, index_t{1});
            detail::normalize_row(n, from, weight, static_cast<const T*>(nullptr), y + row * n, V(0), r);
        }
    });
}

/// The gradients of rms_norm_forward, with x̂ = x rstd: gx = rstd (w gy - x̂ mean(w gy x̂)), gweight = Σ gy x̂ over the rows. Each may
/// be null, and each is added where its flag says so.
template <class T>
void rms_norm_backward(Cpu cpu, const T* x, const T* weight, const T* gy, const compute_t<T>* rstd, T* gx, bool add_gx, T* gweight,
                       bool add_gweight, index_t rows, index_t n) {
    if (gx != nullptr)
        parallel_chunks(rows, items_per_task(n), [=](index_t begin, index_t end) {
            for (index_t row = begin; row < end; ++row)
                detail::rms_row_backward(n, x + row * n, weight, gy + row * n, gx + row * n, add_gx, rstd[row]);
        });
    if (gweight == nullptr) return;
    // The weight's gradient is a layer normalisation's whose means are 0.
    auto* zeros = scratch<detail::NoMeans, compute_t<T>>(rows);
    std::fill_n(zeros, rows, compute_t<T>(0));
    layer_norm_backward<T>(cpu, x, weight, gy, zeros, rstd, nullptr, false, gweight, add_gweight, nullptr, false, rows, n);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
