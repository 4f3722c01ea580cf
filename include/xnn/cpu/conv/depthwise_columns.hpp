// The columns that a walk down the rows of a depthwise convolution of 3 x 3 goes through: how their pixels are read and their
// results written, with masks, as they lie.
#pragma once

#include <algorithm>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/conv/tasks.hpp"
#include "xnn/cpu/simd.hpp"

#if defined(__AVX512VL__)

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace depthwise_detail {

inline constexpr index_t walk_lanes = 16, half_walk = 8;
inline constexpr int side = 3;  // of the kernel

/// The extents that walks go by.
struct Extents {
    index_t width, height, result_width, result_height, before_x, before_y;

    explicit Extents(const ConvGeometry& g)
        : width(g.input[2]), height(g.input[1]), result_width(g.output()[2]), result_height(g.output()[1]), before_x(g.pad_before[2]), before_y(g.pad_before[1]) {}
    index_t size() const { return width * height; }
    index_t result_size() const { return result_width * result_height; }
};

/// The lanes l with 0 <= l + shift < extent.
inline __mmask16 lanes_inside(index_t shift, index_t extent) {
    const auto below = [](index_t count) { return (1U << std::clamp<index_t>(count, 0, walk_lanes)) - 1U; };
    return static_cast<__mmask16>(below(extent - shift) & ~below(-shift));
}

/// Neighbouring results in a row of one channel, whose weights read pixels a step of 1 apart.
struct Columns {
    static constexpr index_t channels = 1, stride = 1;
    __mmask16 inside[side], results;
    index_t column, from;  // where rows of results begin, and of pixels

    Columns(const Extents& e, index_t first, index_t) : results(lanes_inside(first, e.result_width)), column(first), from(first - e.before_x) {
        for (int k = 0; k < side; ++k) inside[k] = static_cast<__mmask16>(lanes_inside(from + k, e.width) & results);
    }
    XNN_CPU_INLINE void load(const float* row, __m512 (&pixels)[side]) const {
        XNN_UNROLL for (int k = 0; k < side; ++k) pixels[k] = _mm512_maskz_loadu_ps(inside[k], row + k);
    }
    XNN_CPU_INLINE __m512 load_result(const float* row) const { return _mm512_maskz_loadu_ps(results, row); }
    XNN_CPU_INLINE void store(float* row, __m512 v) const { _mm512_mask_storeu_ps(row, results, v); }
    XNN_CPU_INLINE __mmask16 lanes_of_results() const { return results; }
    XNN_CPU_INLINE static __m512 spread(const float* numbers, index_t, index_t) { return simd::batch<float>(*numbers); }
    static void sum(__m512 v, float* to, index_t, index_t) { *to += simd::reduce_add(simd::batch<float>(v)); }
};

/// The same with a step of 2.
struct SteppedColumns : Columns {
    static constexpr index_t stride = 2;
    __mmask16 low, high, last;

    SteppedColumns(const Extents& e, index_t first, index_t count) : Columns(e, first, count) {
        from = 2 * first - e.before_x;
        low = lanes_inside(from, e.width), high = lanes_inside(from + walk_lanes, e.width);
        last = from + 2 * walk_lanes < e.width ? 1 : 0;
    }
    XNN_CPU_INLINE void load(const float* row, __m512 (&pixels)[side]) const {
        const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        const __m512i next = _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        const __m512 first = _mm512_maskz_loadu_ps(low, row), second = _mm512_maskz_loadu_ps(high, row + walk_lanes);
        pixels[0] = _mm512_permutex2var_ps(first, even, second);
        pixels[1] = _mm512_permutex2var_ps(first, odd, second);
        pixels[2] = _mm512_permutex2var_ps(pixels[0], next, _mm512_maskz_loadu_ps(last, row + 2 * walk_lanes));
    }
};

/// Rows of two neighbouring channels, of up to 8 pixels and results: each in a half of a register, which is read once and moved
/// to the places where the weights want it.
struct TwoChannels {
    static constexpr index_t channels = 2, stride = 1;
    __m512i shifts[side];
    __mmask16 inside[side];
    __mmask8 pixels[2], results[2];
    index_t column = 0, from = 0, pitch, result_pitch;

    static bool fit(const Extents& e) { return e.width <= half_walk && e.result_width <= half_walk; }

    TwoChannels(const Extents& e, index_t, index_t count) : pitch(e.size()), result_pitch(e.result_size()) {
        for (int channel = 0; channel < 2; ++channel) {
            pixels[channel] = static_cast<__mmask8>(channel < count ? lanes_inside(0, e.width) : 0);
            results[channel] = static_cast<__mmask8>(channel < count ? lanes_inside(0, e.result_width) : 0);
        }
        for (int k = 0; k < side; ++k) {
            const auto half = static_cast<unsigned>(lanes_inside(k - e.before_x, e.width) & lanes_inside(0, e.result_width));
            inside[k] = static_cast<__mmask16>(half << half_walk | half);
            shifts[k] = _mm512_add_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(static_cast<int>(k - e.before_x)));
        }
    }
    XNN_CPU_INLINE void load(const float* row, __m512 (&to)[side]) const {
        const __m512 both = join(_mm256_maskz_loadu_ps(pixels[0], row), _mm256_maskz_loadu_ps(pixels[1], row + pitch));
        XNN_UNROLL for (int k = 0; k < side; ++k) to[k] = _mm512_maskz_permutexvar_ps(inside[k], shifts[k], both);
    }
    XNN_CPU_INLINE __m512 load_result(const float* row) const {
        return join(_mm256_maskz_loadu_ps(results[0], row), _mm256_maskz_loadu_ps(results[1], row + result_pitch));
    }
    XNN_CPU_INLINE void store(float* row, __m512 v) const {
        _mm256_mask_storeu_ps(row, results[0], _mm512_maskz_extractf32x8_ps(0xff, v, 0));
        _mm256_mask_storeu_ps(row + result_pitch, results[1], _mm512_maskz_extractf32x8_ps(0xff, v, 1));
    }
    XNN_CPU_INLINE __mmask16 lanes_of_results() const { return 0xffff; }
    XNN_CPU_INLINE static __m512 join(__m256 low, __m256 high) { return _mm512_maskz_insertf32x8(0xffff, _mm512_castps256_ps512(low), high, 1); }
    XNN_CPU_INLINE static __m512 spread(const float* numbers, index_t step, index_t count) {
        return _mm512_mask_blend_ps(0xff00, simd::batch<float>(numbers[0]), simd::batch<float>(count == 2 ? numbers[step] : 0.0F));
    }
    static void sum(__m512 v, float* to, index_t step, index_t count) {
        to[0] += simd::reduce_add(simd::batch<float>(_mm512_maskz_mov_ps(0x00ff, v)));
        if (count == 2) to[step] += simd::reduce_add(simd::batch<float>(_mm512_maskz_mov_ps(0xff00, v)));
    }
};

/// The walks through one image, channel after channel: visit(columns, first channel, channels).
template <class Walked, class Visit>
void for_each_walk(const Extents& e, index_t channels, const Visit& visit) {
    for (index_t c = 0; c < channels; c += Walked::channels)
        for (index_t first = 0; first < e.result_width; first += walk_lanes) {
            const index_t count = std::min(Walked::channels, channels - c);
            visit(Walked(e, first, count), c, count);
        }
}

/// Calls run with the kind of columns that suits.
template <class Run>
void with_columns(const ConvGeometry& g, const Run& run) {
    if (g.stride[1] == 2)
        run.template operator()<SteppedColumns>();
    else if (TwoChannels::fit(Extents(g)))
        run.template operator()<TwoChannels>();
    else
        run.template operator()<Columns>();
}

/// Channels of a batch: those of the first image, and how far it is to the next.
template <class T>
struct Images {
    T* data;
    index_t count, pitch;
};

/// Calls run(first channel, channels, first image, images), each a task: weights stay in registers while channels of
/// `channel_size` elements of several images are walked through.
template <class Run>
void for_walk_tasks(const ConvGeometry& g, index_t channel_size, const Run& run) {
    constexpr index_t channels = 8;  // of a task
    const index_t images = std::max<index_t>(2048 / channel_size, 1), blocks = divide_up(g.groups, channels);
    conv_detail::for_tasks(divide_up(g.batch, images) * blocks, g.operations(), [&](index_t task) {
        const index_t first = task % blocks * channels, image = task / blocks * images;
        run(first, std::min(channels, g.groups - first), image, std::min(images, g.batch - image));
    });
}

}  // namespace depthwise_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels

#endif
