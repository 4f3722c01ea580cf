// Batch normalisation: each channel to mean 0 and variance 1 over the batch and all positions. Forward in training and backward: one
// launch, two where a few large channels are shared; out of training forward is one.
#pragma once

#include <cstdint>
#include <optional>

#include "xnn/cpu/batch_norm.hpp"
#include "xnn/cuda/moments.hpp"

namespace xnn {

namespace cuda {

/// How much a new batch counts in the running statistics. The number of batches stands on the device.
struct BatchMomentum {
    double value = 0;
    const std::int64_t* counted = nullptr;  // 1 over this, instead of the value
    std::int64_t* to_count = nullptr;       // becomes one more

    BatchMomentum() = default;
    BatchMomentum(double momentum) : value(momentum) {}
    XNN_INLINE double operator()() const { return counted != nullptr ? 1 / static_cast<double>(*counted) : value; }
};

struct CountBatch {
    std::int64_t* batches;
    XNN_INLINE void operator()(index_t) const { ++*batches; }
};

/// Where the elements of channels stand.
struct ChannelElements {
    kernels::BatchNormExtents extents;

    XNN_INLINE index_t position(index_t channel, index_t i) const {
        const index_t b = quotient(i, extents.inner);
        return (b * extents.channels + channel) * extents.inner + (i - b * extents.inner);
    }
    XNN_INLINE index_t channel_of(index_t position) const {
        const index_t row = quotient(position, extents.inner);
        return row - quotient(row, extents.channels) * extents.channels;
    }
    constexpr bool is_alone() const { return (extents.inner <= short_set && extents.channels > 1) || extents.count() <= short_set; }
};

/// y = (x - mean) rstd weight + bias.
template <class T>
struct NormalizeChannels {
    using C = compute_t<T>;
    const T* x;
    const T* weight;
    const T* bias;
    T* y;
    ChannelElements elements;
    C eps;

    struct Facts {
        C mean, rstd, variance;
        C scale, shift;
    };
    XNN_INLINE Facts facts(index_t channel, C mean, C variance) const {
        const C rstd = reciprocal_deviation(variance, eps);
        return {mean, rstd, variance, rstd * load_or(weight, channel, C(1)), load_or(bias, channel, C(0))};
    }
    XNN_INLINE void put(index_t at, const Facts& facts) const { y[at] = static_cast<T>((load(x, at) - facts.mean) * facts.scale + facts.shift); }
};

template <class T>
struct BatchNormTraining {
    using C = compute_t<T>;
    using Facts = typename NormalizeChannels<T>::Facts;
    NormalizeChannels<T> normalize;
    C* mean;
    C* rstd;
    T* running_mean;
    T* running_var;
    BatchMomentum momentum;

    XNN_INLINE MomentSums<C> none(index_t channel) const { return {load(normalize.x, normalize.elements.position(channel, 0))}; }
    XNN_INLINE static MomentSums<C> join(const MomentSums<C>& a, const MomentSums<C>& b) { return MomentSums<C>::join(a, b); }
    XNN_INLINE void add(MomentSums<C>& sums, index_t channel, index_t i) const {
        sums.add(load(normalize.x, normalize.elements.position(channel, i)));
    }
    XNN_INLINE Facts facts(index_t channel, const MomentSums<C>& sums) const { return normalize.facts(channel, sums.center(), sums.variance()); }
    XNN_INLINE void keep(index_t channel, const Facts& facts) const {
        keep_in(mean, channel, facts.mean);
        keep_in(rstd, channel, facts.rstd);
        const double m = momentum();
        const C fresh = static_cast<C>(m), kept = static_cast<C>(1 - m), count = static_cast<C>(normalize.elements.extents.count());
        if (running_mean != nullptr) keep_in(running_mean, channel, kept * load(running_mean, channel) + fresh * facts.mean);
        if (running_var != nullptr)
            keep_in(running_var, channel, kept * load(running_var, channel) + fresh * (facts.variance * (count / (count - 1))));
        if (momentum.to_count != nullptr && channel == 0) ++*momentum.to_count;
    }
    XNN_INLINE void put(index_t channel, index_t i, const Facts& facts) const { normalize.put(normalize.elements.position(channel, i), facts); }
};

/// A thread for each element.
template <class T>
struct BatchNormEval {
    using C = compute_t<T>;
    NormalizeChannels<T> normalize;
    C* mean;
    C* rstd;
    const T* running_mean;
    const T* running_var;

    XNN_INLINE void operator()(index_t at) const {
        const index_t channel = normalize.elements.channel_of(at);
        const auto facts = normalize.facts(channel, load(running_mean, channel), load(running_var, channel));
        if (at == channel * normalize.elements.extents.inner) {
            keep_in(mean, channel, facts.mean);
            keep_in(rstd, channel, facts.rstd);
        }
        normalize.put(at, facts);
    }
};

/// gx = w rstd (gy - mean(gy) - x̂ mean(gy x̂)), of which only gy counts out of training; gweight = Σ gy x̂ and gbias = Σ gy.
template <class T>
struct BatchNormBackward {
    using C = compute_t<T>;
    const T* x;
    const T* weight;
    const T* gy;
    const C* mean;
    const C* rstd;
    T* gx;
    bool add_gx;
    T* gweight;
    bool add_gweight;
    T* gbias;
    bool add_gbias;
    ChannelElements elements;
    bool training;

    struct Facts {
        Pair<C> sums;
        C mean, rstd, scale;
        C mean_gx, mean_g;
    };
    XNN_INLINE Pair<C> none(index_t) const { return {0, 0}; }
    XNN_INLINE static Pair<C> join(const Pair<C>& a, const Pair<C>& b) { return a + b; }
    XNN_INLINE void add(Pair<C>& sums, index_t channel, index_t i) const {
        const index_t at = elements.position(channel, i);
        const C g = load(gy, at);
        sums = sums + Pair<C>{g * ((load(x, at) - mean[channel]) * rstd[channel]), g};
    }
    XNN_INLINE Facts facts(index_t channel, const Pair<C>& sums) const {
        const C count = static_cast<C>(elements.extents.count()), r = rstd[channel];
        return {sums, mean[channel], r, r * load_or(weight, channel, C(1)), sums.first / count, sums.second / count};
    }
    XNN_INLINE void keep(index_t channel, const Facts& facts) const {
        keep_in(gweight, channel, facts.sums.first, add_gweight);
        keep_in(gbias, channel, facts.sums.second, add_gbias);
    }
    XNN_INLINE void put(index_t channel, index_t i, const Facts& facts) const {
        const index_t at = elements.position(channel, i);
        C g = load(gy, at);
        if (training) g -= facts.mean_g + ((load(x, at) - facts.mean) * facts.rstd) * facts.mean_gx;
        cuda::put(gx + at, facts.scale * g, add_gx);
    }
};

}  // namespace cuda

namespace kernels {

/// As count_batch of the Cpu. Without a momentum this is a launch of its own.
template <cuda::Device D>
cuda::BatchMomentum count_batch(D device, std::int64_t* batches, std::optional<double> momentum) {
    cuda::BatchMomentum result(momentum.value_or(0));
    if (batches == nullptr) return result;
    if (momentum) {
        result.to_count = batches;
    } else {
        cuda::launch(device, 1, cuda::CountBatch{batches});
        result.counted = batches;
    }
    return result;
}

/// As batch_norm_forward_training of the Cpu.
template <class T, cuda::Device D>
void batch_norm_forward_training(D device, const T* x, const T* weight, const T* bias, T* y, compute_t<T>* mean, compute_t<T>* rstd, T* running_mean,
                                 T* running_var, BatchNormExtents extents, double eps, const cuda::BatchMomentum& momentum) {
    const cuda::ChannelElements elements{extents};
    if (extents.count() == 0) return;
    cuda::run_sets(device, extents.channels, extents.count(), elements.is_alone(), true,
                   cuda::BatchNormTraining<T>{{x, weight, bias, y, elements, static_cast<compute_t<T>>(eps)}, mean, rstd, running_mean, running_var, momentum});
}

/// As batch_norm_forward_eval of the Cpu.
template <class T, cuda::Device D>
void batch_norm_forward_eval(D device, const T* x, const T* weight, const T* bias, T* y, compute_t<T>* mean, compute_t<T>* rstd, const T* running_mean,
                             const T* running_var, BatchNormExtents extents, double eps) {
    const cuda::NormalizeChannels<T> normalize{x, weight, bias, y, {extents}, static_cast<compute_t<T>>(eps)};
    cuda::launch(device, extents.channels * extents.count(), cuda::BatchNormEval<T>{normalize, mean, rstd, running_mean, running_var});
}

/// As batch_norm_backward of the Cpu.
template <class T, cuda::Device D>
void batch_norm_backward(D device, const T* x, const T* weight, const T* gy, const compute_t<T>* mean, const compute_t<T>* rstd, T* gx, bool add_gx,
                         T* gweight, bool add_gweight, T* gbias, bool add_gbias, BatchNormExtents extents, bool training) {
    const cuda::ChannelElements elements{extents};
    cuda::run_sets(device, extents.channels, extents.count(), elements.is_alone(), gx != nullptr,
                   cuda::BatchNormBackward<T>{x, weight, gy, mean, rstd, gx, add_gx, gweight, add_gweight, gbias, add_gbias, elements, training});
}

}  // namespace kernels
}  // namespace xnn
