// Softmax over one dimension of an array, and its gradient: one launch each, or two where a few long rows are shared.
#pragma once

#include <limits>

#include "xnn/core/math.hpp"
#include "xnn/cuda/sets.hpp"

namespace xnn {

namespace cuda {

/// Where row `set` of the middle dimension of (outer, n, inner) stands.
struct SoftmaxRow {
    index_t n, inner;
    XNN_INLINE index_t position(index_t set, index_t i) const {
        if (inner == 1) return set * n + i;
        const index_t o = quotient(set, inner);
        return (o * n + i) * inner + (set - o * inner);
    }
    constexpr bool is_alone() const { return inner > 1 || n <= short_set; }
};

/// The maximum of numbers and the sum of exp(number - maximum), in one pass. NaN among them makes the sum NaN, as does +infinity.
template <class C>
struct SoftmaxTotal {
    static constexpr C lowest = -math::infinity<C>;
    C maximum = lowest;
    C sum = 0;

    XNN_INLINE void add(C x) {
        if (x > maximum) {
            sum = sum * math::exp(maximum - x) + (C(1) + (x - x));
            maximum = x;
        } else if (x != lowest) {
            sum += math::exp(x - maximum);
        }
    }
    XNN_INLINE static SoftmaxTotal join(const SoftmaxTotal& a, const SoftmaxTotal& b) {
        SoftmaxTotal result;
        result.maximum = a.maximum > b.maximum ? a.maximum : b.maximum;
        result.sum = a.sum_from(result.maximum) + b.sum_from(result.maximum);
        return result;
    }

private:
    XNN_INLINE C sum_from(C top) const { return maximum == top || maximum == lowest ? sum : sum * math::exp(maximum - top); }
};

/// y = exp(x) / Σ exp(x), or its logarithm.
template <class T, bool Log>
struct SoftmaxForward {
    using C = compute_t<T>;
    const T* x;
    T* y;
    SoftmaxRow row;

    struct Facts {
        C maximum, normalizer;
    };
    XNN_INLINE SoftmaxTotal<C> none(index_t) const { return {}; }
    XNN_INLINE static SoftmaxTotal<C> join(const SoftmaxTotal<C>& a, const SoftmaxTotal<C>& b) { return SoftmaxTotal<C>::join(a, b); }
    XNN_INLINE void add(SoftmaxTotal<C>& total, index_t set, index_t i) const { total.add(load(x, row.position(set, i))); }
    XNN_INLINE Facts facts(index_t, const SoftmaxTotal<C>& total) const { return {total.maximum, Log ? math::log(total.sum) : C(1) / total.sum}; }
    XNN_INLINE void keep(index_t, const Facts&) const {}
    XNN_INLINE void put(index_t set, index_t i, const Facts& facts) const {
        const index_t at = row.position(set, i);
        const C below = load(x, at) - facts.maximum;
        y[at] = static_cast<T>(Log ? below - facts.normalizer : math::exp(below) * facts.normalizer);
    }
};

/// gx = y (gy - Σ gy y), or of the logarithm gx = gy - exp(y) Σ gy.
template <class T, bool Log>
struct SoftmaxBackward {
    using C = compute_t<T>;
    const T* y;
    const T* gy;
    T* gx;
    bool accumulate;
    SoftmaxRow row;

    XNN_INLINE C none(index_t) const { return 0; }
    XNN_INLINE static C join(C a, C b) { return a + b; }
    XNN_INLINE void add(C& sum, index_t set, index_t i) const {
        const index_t at = row.position(set, i);
        sum += Log ? load(gy, at) : load(gy, at) * load(y, at);
    }
    XNN_INLINE C facts(index_t, C sum) const { return sum; }
    XNN_INLINE void keep(index_t, C) const {}
    XNN_INLINE void put(index_t set, index_t i, C sum) const {
        const index_t at = row.position(set, i);
        const C out = load(y, at), g = load(gy, at);
        cuda::put(gx + at, Log ? g - math::exp(out) * sum : out * (g - sum), accumulate);
    }
};

template <bool Log, class T, Device D>
void softmax_forward(D device, const T* x, T* y, index_t outer, index_t n, index_t inner) {
    const SoftmaxRow row{n, inner};
    if (n > 0) run_sets(device, outer * inner, n, row.is_alone(), true, SoftmaxForward<T, Log>{x, y, row});
}
template <bool Log, class T, Device D>
void softmax_backward(D device, const T* y, const T* gy, T* gx, bool accumulate, index_t outer, index_t n, index_t inner) {
    const SoftmaxRow row{n, inner};
    if (gx != nullptr && n > 0) run_sets(device, outer * inner, n, row.is_alone(), true, SoftmaxBackward<T, Log>{y, gy, gx, accumulate, row});
}

}  // namespace cuda

namespace kernels {

/// y = exp(x) / Σ exp(x), the sum over the middle dimension of (outer, n, inner); y may be x.
template <class T, cuda::Device D>
void softmax_forward(D device, const T* x, T* y, index_t outer, index_t n, index_t inner) {
    cuda::softmax_forward<false>(device, x, y, outer, n, inner);
}

/// y = x - log Σ exp(x), the sum over the middle dimension of (outer, n, inner); y may be x.
template <class T, cuda::Device D>
void log_softmax_forward(D device, const T* x, T* y, index_t outer, index_t n, index_t inner) {
    cuda::softmax_forward<true>(device, x, y, outer, n, inner);
}

/// gx = y (gy - Σ gy y), from the output y of softmax_forward; gx may be gy.
template <class T, cuda::Device D>
void softmax_backward(D device, const T* y, const T* gy, T* gx, bool accumulate, index_t outer, index_t n, index_t inner) {
    cuda::softmax_backward<false>(device, y, gy, gx, accumulate, outer, n, inner);
}

/// gx = gy - exp(y) Σ gy, from the output y of log_softmax_forward; gx may be gy.
template <class T, cuda::Device D>
void log_softmax_backward(D device, const T* y, const T* gy, T* gx, bool accumulate, index_t outer, index_t n, index_t inner) {
    cuda::softmax_backward<true>(device, y, gy, gx, accumulate, outer, n, inner);
}

}  // namespace kernels
}  // namespace xnn
