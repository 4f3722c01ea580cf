// Root mean square normalisation: each row of a matrix to mean square 1. Launches as layer normalisation.
#pragma once

#include "xnn/cuda/layer_norm.hpp"

namespace xnn {

namespace cuda {

template <class T>
struct RmsNormForward {
    using C = compute_t<T>;
    const T* x;
    const T* weight;
    T* y;
    C* rstd;
    index_t n;
    C eps;

    XNN_INLINE C none(index_t) const { return 0; }
    XNN_INLINE static C join(C a, C b) { return a + b; }
    XNN_INLINE void add(C& sum, index_t row, index_t i) const {
        const C value = load(x, row * n + i);
        sum += value * value;
    }
    XNN_INLINE C facts(index_t, C sum) const { return reciprocal_deviation(sum / static_cast<C>(n), eps); }
    XNN_INLINE void keep(index_t row, C r) const { rstd[row] = r; }
    XNN_INLINE void put(index_t row, index_t i, C r) const {
        y[row * n + i] = static_cast<T>(load(x, row * n + i) * r * load_or(weight, i, C(1)));
    }
};

}  // namespace cuda

namespace kernels {

/// As rms_norm_forward of the Cpu.
template <class T, cuda::Device D>
void rms_norm_forward(D device, const T* x, const T* weight, T* y, compute_t<T>* rstd, index_t rows, index_t n, double eps) {
    const cuda::RmsNormForward<T> forward{x, weight, y, rstd, n, static_cast<compute_t<T>>(eps)};
    cuda::run_sets(device, rows, n, n <= cuda::short_set, true, forward);
}

/// The gradients of rms_norm_forward: a layer normalisation's that centred nothing.
template <class T, cuda::Device D>
void rms_norm_backward(D device, const T* x, const T* weight, const T* gy, const compute_t<T>* rstd, T* gx, bool add_gx, T* gweight, bool add_gweight,
                       index_t rows, index_t n) {
    const compute_t<T>* uncentred = nullptr;
    T* none = nullptr;
    layer_norm_backward(device, x, weight, gy, uncentred, rstd, gx, add_gx, gweight, add_gweight, none, false, rows, n);
}

}  // namespace kernels
}  // namespace xnn
