// Rows of depthwise convolutions: registers hold channels, so that any width of an image is as good.
#pragma once

#include <algorithm>
#include <type_traits>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/simd.hpp"
#include "xnn/cpu/transpose.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace depthwise_detail {

/// Channels that a register holds: `count` of an image, `pitch` elements apart. What stands in the lanes behind them is
/// computed along and never read.
template <class T>
struct Channels {
    T* data;
    index_t count, pitch;
};

/// Pixels of a register each, row after row.
template <class T>
struct Staged {
    T* data;
    index_t row_pitch;  // elements

    T* row(index_t y) const { return data + y * row_pitch; }
};

/// Copies rows [begin, end) of channels, of `width` pixels, which may lie outside of [0, height), with `before` and `after`
/// more pixels on both sides; what is not in the image is zero.
template <class T>
void stage_rows(Channels<const T> from, index_t height, index_t width, index_t begin, index_t end, index_t before, index_t after, T* to) {
    constexpr index_t lanes = simd::width<T>;
    for (index_t y = begin; y < end; ++y) {
        const bool inside = y >= 0 && y < height;
        const index_t zeros = inside ? before : before + width + after;
        std::fill_n(to, zeros * lanes, T(0));
        to += zeros * lanes;
        if (!inside) continue;
        transpose(Cpu{}, from.data + y * width, from.pitch, from.count, width, to, lanes);
        to += width * lanes;
        std::fill_n(to, after * lanes, T(0));
        to += after * lanes;
    }
}

/// A weight of each channel and where it is read, from the place of the result on.
struct Tap {
    index_t offset;
    index_t weight;
};

/// Sums of pixels times weights: to[i] = activation(start + sum over taps of weights[tap.weight] * from[i * from_step + tap.offset]).
template <class T>
struct TapSum {
    const Tap* taps;
    index_t tap_count;
    const T* weights;
    simd::batch<T> start;
    simd::batch<T> lowest;  // 0, or minus infinity without an activation
    index_t from_step, to_step;
    bool accumulate;  // to what `to` holds

    template <int Pixels>
    void pixels(const T* from, T* to) const {
        using V = simd::batch<T>;
        V sum[Pixels];
        XNN_UNROLL for (int i = 0; i < Pixels; ++i) sum[i] = accumulate ? start + simd::load(to + i * to_step) : start;
        for (index_t t = 0; t < tap_count; ++t) {
            const V weight = simd::load(weights + taps[t].weight);
            const T* shifted = from + taps[t].offset;
            XNN_UNROLL for (int i = 0; i < Pixels; ++i) sum[i] = simd::fma(weight, simd::load(shifted + i * from_step), sum[i]);
        }
        XNN_UNROLL for (int i = 0; i < Pixels; ++i) simd::store(to + i * to_step, simd::max_or_nan(lowest, sum[i]));
    }

    /// Several pixels at once hide the latency of fma.
    void row(const T* from, T* to, index_t count) const {
        const auto some = [&]<int Pixels>(std::integral_constant<int, Pixels>) {
            for (; count >= Pixels; count -= Pixels, from += Pixels * from_step, to += Pixels * to_step) pixels<Pixels>(from, to);
        };
        some(std::integral_constant<int, 8>{});
        some(std::integral_constant<int, 6>{});
        some(std::integral_constant<int, 4>{});
        some(std::integral_constant<int, 3>{});
        some(std::integral_constant<int, 1>{});
    }
};

/// sums[tap] += the sum over pixels of gradient[i] * from[i * from_step + tap.offset], for Taps taps.
template <int Taps, class T>
void sum_gradients(const Tap* taps, const T* from, index_t from_step, const T* gradient, index_t count, T* sums) {
    using V = simd::batch<T>;
    constexpr index_t lanes = simd::width<T>;
    V sum[Taps];
    XNN_UNROLL for (int t = 0; t < Taps; ++t) sum[t] = simd::load(sums + taps[t].weight);
    for (index_t i = 0; i < count; ++i, from += from_step, gradient += lanes) {
        const V g = simd::load(gradient);
        XNN_UNROLL for (int t = 0; t < Taps; ++t) sum[t] = simd::fma(g, simd::load(from + taps[t].offset), sum[t]);
    }
    XNN_UNROLL for (int t = 0; t < Taps; ++t) simd::store(sums + taps[t].weight, sum[t]);
}

}  // namespace depthwise_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
