// Depthwise convolutions of 3 x 3, with strides of 1 and 2, where registers have masks: rows of an image are read as they lie,
// and what is in the padding is masked out. A walk goes down the rows of 16 columns, or of two channels with up to 8.
#pragma once

#include <concepts>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/conv/sums.hpp"
#include "xnn/cpu/conv/tasks.hpp"
#include "xnn/cpu/conv/depthwise_rows.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace depthwise_detail {

/// What is done with results.
struct WalkFinish {
    const float* bias;
    bool relu, accumulate;
};

#if defined(__AVX512VL__)

inline constexpr index_t lanes = 16, half = 8;
inline constexpr int side = 3;  // of the kernel

/// Whether the walks compute this convolution.
inline bool walks_fit(const ConvGeometry& g) {
    const auto fits = [&](std::size_t d) {
        return g.pad_before[d] >= 0 && g.pad_before[d] < side && g.dilation[d] == 1 && g.stride[d] == g.stride[1] && g.stride[d] <= 2;
    };
    return g.out_channels == g.groups && g.kernel == Dims<3>{1, side, side} && fits(1) && fits(2);
}

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
    const auto below = [](index_t count) { return (1U << std::clamp<index_t>(count, 0, lanes)) - 1U; };
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
        low = lanes_inside(from, e.width), high = lanes_inside(from + lanes, e.width);
        last = from + 2 * lanes < e.width ? 1 : 0;
    }
    XNN_CPU_INLINE void load(const float* row, __m512 (&pixels)[side]) const {
        const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        const __m512i next = _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        const __m512 first = _mm512_maskz_loadu_ps(low, row), second = _mm512_maskz_loadu_ps(high, row + lanes);
        pixels[0] = _mm512_permutex2var_ps(first, even, second);
        pixels[1] = _mm512_permutex2var_ps(first, odd, second);
        pixels[2] = _mm512_permutex2var_ps(pixels[0], next, _mm512_maskz_loadu_ps(last, row + 2 * lanes));
    }
};

/// Rows of two neighbouring channels, of up to 8 results: each in a half of a register, which is read and written by itself.
struct TwoChannels {
    static constexpr index_t channels = 2, stride = 1;
    __mmask8 inside[2][side], results[2];
    index_t column = 0, from, pitch, result_pitch;

    TwoChannels(const Extents& e, index_t, index_t count) : from(-e.before_x), pitch(e.size()), result_pitch(e.result_size()) {
        for (int channel = 0; channel < 2; ++channel) {
            results[channel] = static_cast<__mmask8>(channel < count ? lanes_inside(0, e.result_width) : 0);
            for (int k = 0; k < side; ++k) inside[channel][k] = static_cast<__mmask8>(lanes_inside(from + k, e.width) & results[channel]);
        }
    }
    XNN_CPU_INLINE void load(const float* row, __m512 (&pixels)[side]) const {
        XNN_UNROLL for (int k = 0; k < side; ++k) pixels[k] = join(_mm256_maskz_loadu_ps(inside[0][k], row + k), _mm256_maskz_loadu_ps(inside[1][k], row + pitch + k));
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
        for (index_t first = 0; first < e.result_width; first += lanes) {
            const index_t count = std::min(Walked::channels, channels - c);
            visit(Walked(e, first, count), c, count);
        }
}

/// Calls run with the kind of columns that suits.
template <class Run>
void with_columns(const ConvGeometry& g, const Run& run) {
    if (g.stride[1] == 2)
        run.template operator()<SteppedColumns>();
    else if (g.output()[2] <= half)
        run.template operator()<TwoChannels>();
    else
        run.template operator()<Columns>();
}

/// sum += weights * pixels, for one row of the kernel.
XNN_CPU_INLINE __m512 add_row(__m512 sum, const __m512 (&weights)[side], const __m512 (&pixels)[side]) {
    XNN_UNROLL for (int k = 0; k < side; ++k) sum = _mm512_fmadd_ps(weights[k], pixels[k], sum);
    return sum;
}

/// Channels of a batch: those of the first image, and how far it is to the next.
template <class T>
struct Images {
    T* data;
    index_t count, pitch;
};

/// Results in rows: each row of an image is read once, for all rows of results that depend on it.
template <class Walked>
void walk_forward(const Extents e, const Walked columns, Images<const float> x, const float* w, bool turned, index_t channels, float* y, index_t y_pitch,
                  const WalkFinish finish) {
    constexpr index_t taps = side * side;
    const index_t pad = e.before_y, rows = e.result_height;
    __m512 weights[side][side];
    XNN_UNROLL for (int i = 0; i < side; ++i)
        XNN_UNROLL for (int j = 0; j < side; ++j) weights[i][j] = Walked::spread(w + (turned ? taps - 1 - (i * side + j) : i * side + j), taps, channels);
    const __m512 zero = simd::batch<float>(0.0F), start = finish.bias != nullptr ? Walked::spread(finish.bias, 1, channels) : zero;
    const simd::batch<float> lowest = lowest_result<float>(finish.relu);
    for (index_t image = 0; image < x.count; ++image) {
        const float* row = x.data + image * x.pitch + columns.from - pad * e.width;
        float* to = y + image * y_pitch + columns.column;
        index_t number = -pad;  // of the row
        __m512 next = start, pixels[side];
        const auto read = [&] {
            const bool inside = number >= 0 && number < e.height;
            if (inside) columns.load(row, pixels);
            ++number, row += e.width;
            return inside;
        };
        const auto finished = [&](__m512 sum) {
            if (finish.accumulate) sum = simd::batch<float>(sum) + simd::batch<float>(columns.load_result(to));
            columns.store(to, simd::max_or_nan(lowest, simd::batch<float>(sum)));
            to += e.result_width;
        };
        if constexpr (Walked::stride == 1) {
            __m512 middle = start;
            for (index_t i = 1 - side; i < rows; ++i) {
                __m512 sum = middle;
                middle = next, next = start;
                if (read()) sum = add_row(sum, weights[2], pixels), middle = add_row(middle, weights[1], pixels), next = add_row(next, weights[0], pixels);
                if (i >= 0) finished(sum);
            }
        } else {
            if (read()) next = add_row(next, weights[0], pixels);
            for (index_t i = 0; i < rows; ++i) {
                __m512 sum = next;
                next = start;
                if (read()) sum = add_row(sum, weights[1], pixels);
                if (read()) sum = add_row(sum, weights[2], pixels), next = add_row(next, weights[0], pixels);
                finished(sum);
            }
        }
    }
}

/// gw += sums over pixels of a gradient times what a weight was multiplied with, gbias += sums of the gradient.
template <class Walked>
void walk_weights(const Extents e, const Walked columns, Images<const float> x, Images<const float> gy, index_t channels, float* gw, float* gbias) {
    const __m512 zero = simd::batch<float>(0.0F);
    simd::batch<float> total(0.0F);
    __m512 sums[side][side], pixels[side];
    XNN_UNROLL for (int i = 0; i < side; ++i) XNN_UNROLL for (int j = 0; j < side; ++j) sums[i][j] = zero;
    const index_t rows = e.result_height;
    for (index_t image = 0; image < x.count; ++image) {
        const float* row = x.data + image * x.pitch + columns.from - e.before_y * e.width;
        const float* from = gy.data + image * gy.pitch + columns.column;
        index_t number = -e.before_y;  // of the row
        const auto read = [&] {
            const bool inside = number >= 0 && number < e.height;
            if (inside) columns.load(row, pixels);
            ++number, row += e.width;
            return inside;
        };
        const auto add = [&](int i, __m512 gradient) XNN_INLINE_LAMBDA {
            XNN_UNROLL for (int j = 0; j < side; ++j) sums[i][j] = _mm512_mask3_fmadd_ps(pixels[j], gradient, sums[i][j], columns.lanes_of_results());
        };
        if constexpr (Walked::stride == 1) {
            __m512 newest = zero, middle = zero;
            for (index_t i = 0; i < rows + side - 1; ++i, from += e.result_width) {
                const __m512 oldest = middle;
                middle = newest;
                newest = i < rows ? columns.load_result(from) : zero;
                total += simd::batch<float>(newest);
                if (read()) add(0, newest), add(1, middle), add(2, oldest);
            }
        } else {
            __m512 gradient = zero;
            if (rows > 0 && read()) add(0, columns.load_result(from));
            for (index_t i = 0; i < rows; ++i) {
                gradient = columns.load_result(from);
                total += simd::batch<float>(gradient);
                from += e.result_width;
                if (read()) add(1, gradient);
                if (read()) {
                    add(2, gradient);
                    if (i + 1 < rows) add(0, columns.load_result(from));
                }
            }
        }
    }
    XNN_UNROLL for (int i = 0; i < side; ++i)
        XNN_UNROLL for (int j = 0; j < side; ++j) Walked::sum(sums[i][j], gw + i * side + j, side * side, channels);
    if (gbias != nullptr) Walked::sum(total, gbias, 1, channels);
}

/// y = activation([y +] x * w + bias), or with the weights in reverse.
inline void forward_by_walks(const ConvGeometry& g, const float* x, const float* w, bool turned, float* y, const WalkFinish& finish) {
    constexpr index_t channels = 8, taps = side * side;  // of a task
    // Weights stay in registers while small channels of several images are walked through.
    const index_t images = std::max<index_t>(2048 / g.output_size(), 1);
    const index_t blocks = divide_up(g.groups, channels), x_pitch = g.groups * g.input_size(), y_pitch = g.groups * g.output_size();
    const Extents e(g);
    conv_detail::for_tasks(divide_up(g.batch, images) * blocks, g.operations(), [&](index_t task) {
        const index_t first = task % blocks * channels, image = task / blocks * images;
        with_columns(g, [&]<class Walked>() {
            for_each_walk<Walked>(e, std::min(channels, g.groups - first), [&](const Walked& columns, index_t c, index_t count) {
                WalkFinish own = finish;
                if (own.bias != nullptr) own.bias += first + c;
                const Images<const float> from{x + image * x_pitch + (first + c) * e.size(), std::min(images, g.batch - image), x_pitch};
                walk_forward(e, columns, from, w + (first + c) * taps, turned, count, y + image * y_pitch + (first + c) * e.result_size(), y_pitch, own);
            });
        });
    });
}

/// gw [+]= the gradient with respect to the weights and, unless gbias is null, gbias [+]= that with respect to the bias.
inline void backward_weight_by_walks(const ConvGeometry& g, const float* x, const float* gy, float* gw, float* gbias, bool accumulate) {
    constexpr index_t taps = side * side, channels = 2;  // of a task
    const index_t x_pitch = g.groups * g.input_size(), y_pitch = g.groups * g.output_size();
    const Extents e(g);
    if (!accumulate) {
        std::fill_n(gw, g.groups * taps, 0.0F);
        if (gbias != nullptr) std::fill_n(gbias, g.groups, 0.0F);
    }
    conv_detail::for_tasks(divide_up(g.groups, channels), g.operations(), [&](index_t task) {
        const index_t first = channels * task;
        with_columns(g, [&]<class Walked>() {
            for_each_walk<Walked>(e, std::min(channels, g.groups - first), [&](const Walked& columns, index_t c, index_t count) {
                walk_weights(e, columns, {x + (first + c) * e.size(), g.batch, x_pitch}, {gy + (first + c) * e.result_size(), g.batch, y_pitch}, count,
                             gw + (first + c) * taps, gbias == nullptr ? nullptr : gbias + first + c);
            });
        });
    });
}

template <class T>
inline constexpr bool has_walks = std::same_as<T, float>;

#else

template <class T>
inline constexpr bool has_walks = false;

// Never called: their names must be known where they are called if there are walks.
bool walks_fit(const ConvGeometry&);
void forward_by_walks(const ConvGeometry&, const float* x, const float* w, bool turned, float* y, const WalkFinish&);
void backward_weight_by_walks(const ConvGeometry&, const float* x, const float* gy, float* gw, float* gbias, bool accumulate);

#endif

}  // namespace depthwise_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
