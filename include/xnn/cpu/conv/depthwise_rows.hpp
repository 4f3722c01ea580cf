// Rows of depthwise convolutions: registers hold channels, so that any width of an image is as good.
#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>

#include "xnn/core/config.hpp"
#include "xnn/core/scratch.hpp"
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

struct StagedPixels;  // names scratch memory

/// Copies rows [begin, end) of channels, of `width` pixels, which may lie outside of [0, height), with `before` and `after`
/// more pixels on both sides; what is not in the image is zero.
template <class T>
void stage_rows(Channels<const T> from, index_t height, index_t width, index_t begin, index_t end, index_t before, index_t after, T* to) {
    constexpr index_t lanes = simd::width<T>;
    const index_t top = std::clamp<index_t>(0, begin, end), bottom = std::clamp(height, top, end), row_pitch = (before + width + after) * lanes;
    const auto clear = [](T* pixels, index_t count) { std::fill_n(pixels, count * lanes, T(0)); };
    clear(to, (top - begin) * (before + width + after));
    clear(to + (bottom - begin) * row_pitch, (end - bottom) * (before + width + after));
    const bool narrow = width < 2 * lanes;  // rows are turned over all at once, then moved to their places
    T* pixels = narrow ? scratch<StagedPixels, T>((bottom - top) * width * lanes) : nullptr;
    if (narrow) transpose(Cpu{}, from.data + top * width, from.pitch, from.count, (bottom - top) * width, pixels, lanes);
    for (index_t y = top; y < bottom; ++y) {
        T* row = to + (y - begin) * row_pitch;
        clear(row, before);
        if (narrow)
            std::copy_n(pixels + (y - top) * width * lanes, width * lanes, row + before * lanes);
        else
            transpose(Cpu{}, from.data + y * width, from.pitch, from.count, width, row + before * lanes, lanes);
        clear(row + (before + width) * lanes, after);
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

template <class T>
simd::batch<T> lowest_result(bool relu) {
    return simd::batch<T>(relu ? T(0) : -std::numeric_limits<T>::infinity());
}

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
