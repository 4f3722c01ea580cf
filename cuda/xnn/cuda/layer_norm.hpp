// Layer normalisation: each row of a matrix to mean 0 and variance 1. Forward: one launch, two where a few long rows are shared;
// backward: the same for gx, and one or two more for the gradients of weight and bias together.
#pragma once

#include "xnn/cuda/moments.hpp"

namespace xnn {

namespace cuda {

template <class T>
struct LayerNormForward {
    using C = compute_t<T>;
    const T* x;
    const T* weight;
    const T* bias;
    T* y;
    C* mean;
    C* rstd;
    index_t n;
    C eps;

    using Facts = Pair<C>;  // mean and rstd
    XNN_INLINE MomentSums<C> none(index_t row) const { return {load(x, row * n)}; }
    XNN_INLINE static MomentSums<C> join(const MomentSums<C>& a, const MomentSums<C>& b) { return MomentSums<C>::join(a, b); }
    XNN_INLINE void add(MomentSums<C>& sums, index_t row, index_t i) const { sums.add(load(x, row * n + i)); }
    XNN_INLINE Facts facts(index_t, const MomentSums<C>& sums) const { return {sums.center(), reciprocal_deviation(sums.variance(), eps)}; }
    XNN_INLINE void keep(index_t row, const Facts& facts) const {
        keep_in(mean, row, facts.first);
        keep_in(rstd, row, facts.second);
    }
    XNN_INLINE void put(index_t row, index_t i, const Facts& facts) const {
        const C normalized = (load(x, row * n + i) - facts.first) * facts.second;
        y[row * n + i] = static_cast<T>(normalized * load_or(weight, i, C(1)) + load_or(bias, i, C(0)));
    }
};

/// x̂ = (x - mean) rstd of a saved row; the mean may be absent.
template <class T>
struct NormalizedRows {
    using C = compute_t<T>;
    const T* x;
    const C* mean;
    const C* rstd;
    index_t n;
    XNN_INLINE C operator()(index_t row, index_t i) const { return (load(x, row * n + i) - load_or(mean, row, C(0))) * rstd[row]; }
};

/// gx = rstd (w gy - mean(w gy) - x̂ mean(w gy x̂)), where the first mean is 0 if nothing was centred.
template <class T>
struct LayerNormBackward {
    using C = compute_t<T>;
    NormalizedRows<T> normalized;
    const T* weight;
    const T* gy;
    T* gx;
    bool accumulate;

    XNN_INLINE C gradient(index_t row, index_t i) const { return load(gy, row * normalized.n + i) * load_or(weight, i, C(1)); }
    XNN_INLINE Pair<C> none(index_t) const { return {0, 0}; }
    XNN_INLINE static Pair<C> join(const Pair<C>& a, const Pair<C>& b) { return a + b; }
    XNN_INLINE void add(Pair<C>& sums, index_t row, index_t i) const {
        const C g = gradient(row, i);
        sums = sums + Pair<C>{g, g * normalized(row, i)};
    }
    XNN_INLINE Pair<C> facts(index_t, const Pair<C>& sums) const {
        const C n = static_cast<C>(normalized.n);
        return {normalized.mean != nullptr ? sums.first / n : C(0), sums.second / n};
    }
    XNN_INLINE void keep(index_t, const Pair<C>&) const {}
    XNN_INLINE void put(index_t row, index_t i, const Pair<C>& means) const {
        const C g = gradient(row, i) - means.first - normalized(row, i) * means.second;
        cuda::put(gx + row * normalized.n + i, normalized.rstd[row] * g, accumulate);
    }
};

/// gweight = Σ gy x̂ and gbias = Σ gy over the rows: a set is a column.
template <class T>
struct LayerNormParameters {
    using C = compute_t<T>;
    NormalizedRows<T> normalized;
    const T* gy;
    T* gweight;
    bool add_gweight;
    T* gbias;
    bool add_gbias;

    XNN_INLINE Pair<C> none(index_t) const { return {0, 0}; }
    XNN_INLINE static Pair<C> join(const Pair<C>& a, const Pair<C>& b) { return a + b; }
    XNN_INLINE void add(Pair<C>& sums, index_t column, index_t row) const {
        const C g = load(gy, row * normalized.n + column);
        sums = sums + Pair<C>{g * normalized(row, column), g};
    }
    XNN_INLINE Pair<C> facts(index_t, const Pair<C>& sums) const { return sums; }
    XNN_INLINE void keep(index_t column, const Pair<C>& sums) const {
        keep_in(gweight, column, sums.first, add_gweight);
        keep_in(gbias, column, sums.second, add_gbias);
    }
    XNN_INLINE void put(index_t, index_t, const Pair<C>&) const {}
};

}  // namespace cuda

namespace kernels {

/// As layer_norm_forward of the Cpu.
template <class T, cuda::Device D>
void layer_norm_forward(D device, const T* x, const T* weight, const T* bias, T* y, compute_t<T>* mean, compute_t<T>* rstd, index_t rows, index_t n,
                        double eps) {
    if (n == 0) return;
    const cuda::LayerNormForward<T> forward{x, weight, bias, y, mean, rstd, n, static_cast<compute_t<T>>(eps)};
    cuda::run_sets(device, rows, n, n <= cuda::short_set, true, forward);
}

/// As layer_norm_backward of the Cpu; without `mean` of rows that were not centred.
template <class T, cuda::Device D>
void layer_norm_backward(D device, const T* x, const T* weight, const T* gy, const compute_t<T>* mean, const compute_t<T>* rstd, T* gx, bool add_gx,
                         T* gweight, bool add_gweight, T* gbias, bool add_gbias, index_t rows, index_t n) {
    const cuda::NormalizedRows<T> normalized{x, mean, rstd, n};
    // First: gx may be gy.
    if (gweight != nullptr || gbias != nullptr)
        cuda::run_sets(device, n, rows, true, false, cuda::LayerNormParameters<T>{normalized, gy, gweight, add_gweight, gbias, add_gbias});
    if (gx != nullptr) cuda::run_sets(device, rows, n, n <= cuda::short_set, true, cuda::LayerNormBackward<T>{normalized, weight, gy, gx, add_gx});
}

}  // namespace kernels
}  // namespace xnn
