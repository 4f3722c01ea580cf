// Batch normalisation: each channel to mean 0 and variance 1 over the batch and all positions.
#pragma once

#include <cstdint>
#include <optional>

#include "xnn/core/device.hpp"
#include "xnn/cpu/moments.hpp"

namespace xnn::kernels {

/// An array of (batch, channels, inner).
struct BatchNormExtents {
    index_t batch;
    index_t channels;
    index_t inner = 1;
    /// The elements of a channel.
    XNN_INLINE constexpr index_t count() const { return batch * inner; }
};

inline namespace XNN_SIMD_ARCH {
namespace detail {

/// One channel, its elements in registers along the positions; or, where there is one position, a register of channels.
template <class T, bool Single, class Count>
struct ChannelRegisters {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    BatchNormExtents extents;
    index_t channel;
    Count count;

    /// A number for each channel.
    template <class P>
    XNN_CPU_INLINE V load(const P* p) const {
        if constexpr (Single)
            return V(static_cast<C>(p[channel]));
        else
            return simd::load(p + channel, count);
    }
    template <class P>
    XNN_CPU_INLINE void put(P* p, V v, bool accumulate) const {
        if (p == nullptr) return;
        if constexpr (Single)
            simd::put(p + channel, v, index_t{1}, accumulate);
        else
            simd::put(p + channel, v, count, accumulate);
    }
    /// Calls `body(position, n)` for all registers of the channels.
    template <class Body>
    XNN_CPU_INLINE void for_elements(Body&& body) const {
        for (index_t b = 0; b < extents.batch; ++b) {
            const index_t offset = (b * extents.channels + channel) * extents.inner;
            if constexpr (Single)
                simd::for_registers<T>(extents.inner, [&](index_t i, auto n) { body(offset + i, n); });
            else
                body(offset, count);
        }
    }
    /// The sums of f(position, n) over all registers. Those of one channel's images are added in double precision.
    template <class F>
    XNN_CPU_INLINE TwoSums<V> sum(F&& f) const {
        if constexpr (Single) {
            TwoSums<double> total{0, 0};
            for (index_t b = 0; b < extents.batch; ++b) {
                const index_t offset = (b * extents.channels + channel) * extents.inner;
                const auto image = sum_pairs<T>(extents.inner, [&](index_t i, auto n) { return f(offset + i, n); });
                total += {static_cast<double>(simd::reduce_add(image.first)),
                          static_cast<double>(simd::reduce_add(image.second))};
            }
            return {V(static_cast<C>(total.first)), V(static_cast<C>(total.second))};
        } else {
            return sum_rows<V>(extents.batch, [&](index_t b) { return f(b * extents.channels + channel, count); });
        }
    }
};

/// Calls `body(ChannelRegisters)` for all channels, in parallel.
template <class T, class Body>
void for_channels(const BatchNormExtents& e, Body&& body) {
    constexpr index_t w = simd::width<T>;
    if (e.inner > 1) {
        parallel_chunks(e.channels, items_per_task(e.count()), [&](index_t begin, index_t end) {
            for (index_t c = begin; c < end; ++c) body(ChannelRegisters<T, true, simd::Whole>{e, c, {}});
        });
        return;
    }
    parallel_chunks(divide_up(e.channels, w), items_per_task(e.batch * w), [&](index_t begin, index_t end) {
        for (index_t c = begin * w; c < std::min(end * w, e.channels); c += w) {
            if (e.channels - c >= w)
                body(ChannelRegisters<T, false, simd::Whole>{e, c, {}});
            else
                body(ChannelRegisters<T, false, index_t>{e, c, e.channels - c});
        }
    });
}

/// y = (x - mean) rstd weight + bias
template <class T, class Channels>
XNN_CPU_INLINE void normalize(const Channels& channels, const T* x, const T* weight, const T* bias, T* y,
                          simd::batch<T> mean, simd::batch<T> rstd) {
    using V = simd::batch<T>;
    const V scale = weight != nullptr ? rstd * channels.load(weight) : rstd;
    const V shift = bias != nullptr ? channels.load(bias) : V(0);
    channels.for_elements(
        [&](index_t at, auto n) { simd::store(y + at, (simd::load(x + at, n) - mean) * scale + shift, n); });
}

}  // namespace detail

/// How much a new batch counts in the running statistics: the momentum, or without one as much as each batch before. `batches`,
/// which may be null, is their number and becomes one more.
inline double count_batch(Cpu, std::int64_t* batches, std::optional<double> momentum) {
    if (batches != nullptr) ++*batches;
    return momentum ? *momentum : batches != nullptr ? 1 / static_cast<double>(*batches) : 0;
}

/// y = (x - mean) rstd weight + bias with the moments of each channel of x, where rstd = 1 / √(variance + eps) with the
/// biased variance. running = (1 - momentum) running + momentum · the mean, and the unbiased variance, which takes more
/// than one element a channel. `weight`, `bias`, `mean`, `rstd`, `running_mean` and `running_var` (channels) may be
/// null; `mean` and `rstd` are saved for backward.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
template <class T>
void batch_norm_forward_training(Cpu, const T* x, const T* weight, const T* bias, T* y, compute_t<T>* mean,
                                 compute_t<T>* rstd, T* running_mean, T* running_var, BatchNormExtents extents,
                                 double eps, double momentum) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const auto count = static_cast<C>(extents.count());
    const V fresh(static_cast<C>(momentum)), kept(static_cast<C>(1 - momentum)), unbias(count / (count - 1));
    detail::for_channels<T>(extents, [=](const auto& channels) {
        const V sum = channels.sum([=](index_t at, auto n) {
                                  return detail::TwoSums<V>{simd::load(x + at, n), V(0)};
                              })
                          .first;
        const V guess = sum / V(count);
        const auto deviations = channels.sum([=](index_t at, auto n) {
            const V d = simd::keep<T>(simd::load(x + at, n) - guess, n, C(0));
            return detail::TwoSums<V>{d, d * d};
        });
        const auto moments = detail::moments_around(guess, deviations, count);
        const V inverse = detail::reciprocal_deviation(moments.variance, static_cast<C>(eps));
        channels.put(mean, moments.mean, false);
        channels.put(rstd, inverse, false);
        if (running_mean != nullptr)
            channels.put(running_mean, kept * channels.load(running_mean) + fresh * moments.mean, false);
        if (running_var != nullptr)
            channels.put(running_var, kept * channels.load(running_var) + fresh * (moments.variance * unbias), false);
        detail::normalize(channels, x, weight, bias, y, moments.mean, inverse);
    });
}

/// y = (x - running_mean) / √(running_var + eps) weight + bias. `mean` and `rstd`, which may be null, get what backward
/// takes.
template <class T>
void batch_norm_forward_eval(Cpu, const T* x, const T* weight, const T* bias, T* y, compute_t<T>* mean,
                             compute_t<T>* rstd, const T* running_mean, const T* running_var, BatchNormExtents extents,
                             double eps) {
    using C = compute_t<T>;
    detail::for_channels<T>(extents, [=](const auto& channels) {
        const auto center = channels.load(running_mean);
        const auto inverse = detail::reciprocal_deviation(channels.load(running_var), static_cast<C>(eps));
        channels.put(mean, center, false);
        channels.put(rstd, inverse, false);
        detail::normalize(channels, x, weight, bias, y, center, inverse);
    });
}

/// The gradients of batch normalisation, with x̂ = (x - mean) rstd and means over a channel: in training
/// gx = w rstd (gy - mean(gy) - x̂ mean(gy x̂)), else gx = w rstd gy; gweight = Σ gy x̂ and gbias = Σ gy. Each may be
/// null, and each is added where its flag says so.
template <class T>
void batch_norm_backward(Cpu, const T* x, const T* weight, const T* gy, const compute_t<T>* mean,
                         const compute_t<T>* rstd, T* gx, bool add_gx, T* gweight, bool add_gweight, T* gbias,
                         bool add_gbias, BatchNormExtents extents, bool training) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const auto count = static_cast<C>(extents.count());
    const bool wants_sums = gweight != nullptr || gbias != nullptr || (gx != nullptr && training);
    detail::for_channels<T>(extents, [=](const auto& channels) {
        const V center = channels.load(mean), inverse = channels.load(rstd);
        detail::TwoSums<V> sums{V(0), V(0)};
        if (wants_sums)
            sums = channels.sum([=](index_t at, auto n) {
                const V g = simd::load(gy + at, n);
                return detail::TwoSums<V>{g * ((simd::load(x + at, n) - center) * inverse), g};
            });
        channels.put(gweight, sums.first, add_gweight);
        channels.put(gbias, sums.second, add_gbias);
        if (gx == nullptr) return;
        const V scale = weight != nullptr ? inverse * channels.load(weight) : inverse;
        const V mean_gx = sums.first / V(count), mean_g = sums.second / V(count);
        channels.for_elements([&](index_t at, auto n) {
            V g = simd::load(gy + at, n);
            if (training) g -= mean_g + ((simd::load(x + at, n) - center) * inverse) * mean_gx;
            simd::put(gx + at, scale * g, n, add_gx);
        });
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
