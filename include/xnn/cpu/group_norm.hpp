// Group normalisation: each group of neighbouring channels of each image to mean 0 and variance 1.
#pragma once

#include "xnn/cpu/layer_norm.hpp"

namespace xnn::kernels {

/// An array of (batch, channels, inner), whose channels make up `groups` groups.
struct GroupNormExtents {
    index_t batch;
    index_t channels;
    index_t inner;
    index_t groups;
    constexpr index_t rows() const { return batch * groups; }
    constexpr index_t channels_of_group() const { return channels / groups; }
    constexpr index_t length() const { return channels_of_group() * inner; }
};

inline namespace XNN_SIMD_ARCH {
namespace detail {

struct ChannelSums;  // names scratch memory

/// y = (x - mean) rstd weight + bias of one group; weight and bias are those of its channels.
template <class T>
void normalize_group(const GroupNormExtents& e, const T* x, const T* weight, const T* bias, T* y, simd::batch<T> mean, simd::batch<T> rstd) {
    using V = simd::batch<T>;
    using C = compute_t<T>;
    if (e.inner == 1) return normalize_row(e.length(), x, weight, bias, y, mean, rstd);
    for (index_t c = 0; c < e.channels_of_group(); ++c) {
        const V scale = rstd * V(static_cast<C>(weight[c])), shift(static_cast<C>(bias[c]));
        const T* const from = x + c * e.inner;
        T* const to = y + c * e.inner;
        simd::for_registers<T>(e.inner, [=](index_t i, auto n) { simd::store(to + i, (simd::load(from + i, n) - mean) * scale + shift, n); });
    }
}

/// gx of one group, if it is wanted, and for each of its channels Σ gy x̂ and Σ gy.
template <class T>
void differentiate_group(const GroupNormExtents& e, RowGradient<T> row, const T* weight, T* gx, bool add_gx, compute_t<T>* sums_gx,
                         compute_t<T>* sums_g) {
    using V = simd::batch<T>;
    using C = compute_t<T>;
    const index_t channels = e.channels_of_group();
    if (e.inner == 1) {
        std::fill_n(sums_gx, channels, C(0));
        std::fill_n(sums_g, channels, C(0));
        sum_row_gradient(channels, weight, row);
        return differentiate_rows(channels, std::array<RowGradient<T>, 1>{row}, weight, gx, add_gx, sums_gx, sums_g);
    }
    C total_g(0), total_gx(0);
    for (index_t c = 0; c < channels; ++c) {
        const index_t first = c * e.inner;
        const auto sums = sum_pairs<T>(e.inner, [=](index_t i, auto n) {
            const V gy = simd::load(row.gy + first + i, n);
            return TwoSums<V>{gy * row.normalized(first + i, n), gy};
        });
        sums_gx[c] = simd::reduce_add(sums.first);
        sums_g[c] = simd::reduce_add(sums.second);
        const C w = static_cast<C>(weight[c]);
        total_gx += w * sums_gx[c];
        total_g += w * sums_g[c];
    }
    if (gx == nullptr) return;
    const V count(static_cast<C>(e.length())), mean_g = V(total_g) / count, mean_gx = V(total_gx) / count;
    for (index_t c = 0; c < channels; ++c) {
        const index_t first = c * e.inner;
        const V w(static_cast<C>(weight[c]));
        simd::for_registers<T>(e.inner, [=](index_t i, auto n) {
            const V gy = simd::load(row.gy + first + i, n);
            simd::put(gx + first + i, row.rstd * (gy * w - mean_g - row.normalized(first + i, n) * mean_gx), n, add_gx);
        });
    }
}

}  // namespace detail

/// y = (x - mean) rstd weight + bias with the moments of each group, where rstd = 1 / √(variance + eps) with the biased
/// variance; weight and bias (channels). `mean` and `rstd` (batch, groups) are saved for backward.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
template <class T>
void group_norm_forward(Cpu, const T* x, const T* weight, const T* bias, T* y, compute_t<T>* mean, compute_t<T>* rstd, GroupNormExtents e,
                        double eps) {
    using C = compute_t<T>;
    const index_t length = e.length();
    parallel_chunks(e.rows(), items_per_task(length), [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            const T* const from = x + row * length;
            const auto moments = detail::row_moments(from, length);
            const auto inverse = detail::reciprocal_deviation(moments.variance, static_cast<C>(eps));
            simd::store(mean + row, moments.mean, index_t{1});
            simd::store(rstd + row, inverse, index_t{1});
            const index_t channel = row % e.groups * e.channels_of_group();
            detail::normalize_group(e, from, weight + channel, bias + channel, y + row * length, moments.mean, inverse);
        }
    });
}

/// The gradients of group_norm_forward, with x̂ = (x - mean) rstd: gx = rstd (w gy - mean(w gy) - x̂ mean(w gy x̂)) with means
/// over a group, gweight = Σ gy x̂ and gbias = Σ gy over a channel. Each may be null, and each is added where its flag says so.
template <class T>
void group_norm_backward(Cpu, const T* x, const T* weight, const T* gy, const compute_t<T>* mean, const compute_t<T>* rstd, T* gx, bool add_gx,
                         T* gweight, bool add_gweight, T* gbias, bool add_gbias, GroupNormExtents e) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if (gx == nullptr && gweight == nullptr && gbias == nullptr) return;
    const index_t length = e.length(), numbers = e.batch * e.channels;
    // Of each image's channels, joined in the order of the images.
    C* const sums = scratch<detail::ChannelSums, C>(2 * numbers);
    parallel_chunks(e.rows(), items_per_task(length), [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            const index_t of_batch = row * e.channels_of_group(), channel = of_batch % e.channels;
            const detail::RowGradient<T> gradient{x + row * length, gy + row * length, V(mean[row]), V(rstd[row])};
            detail::differentiate_group(e, gradient, weight + channel, gx != nullptr ? gx + row * length : nullptr, add_gx,
                                        sums + of_batch, sums + numbers + of_batch);
        }
    });
    const auto join = [=](T* out, bool add, const C* from) {
        if (out == nullptr) return;
        simd::for_registers<T>(e.channels, [=](index_t c, auto n) {
            V total(C(0));
            for (index_t b = 0; b < e.batch; ++b) total += simd::load(from + b * e.channels + c, n);
            simd::put(out + c, total, n, add);
        });
    };
    join(gweight, add_gweight, sums);
    join(gbias, add_gbias, sums + numbers);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
