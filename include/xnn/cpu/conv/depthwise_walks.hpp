// Depthwise convolutions of 3 x 3, with strides of 1 and 2, where registers have masks: walks down the rows of an image.
#pragma once

#include <concepts>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/conv/depthwise_columns.hpp"
#include "xnn/cpu/conv/depthwise_rows.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace depthwise_detail {

/// What is done with results.
struct WalkFinish {
    const float* bias;
    bool relu, accumulate;
};

#if defined(__AVX512VL__)

/// Whether the walks compute this convolution.
inline bool walks_fit(const ConvGeometry& g) {
    const auto fits = [&](std::size_t d) {
        return g.pad_before[d] >= 0 && g.pad_before[d] < side && g.dilation[d] == 1 && g.stride[d] == g.stride[1] && g.stride[d] <= 2;
    };
    return g.out_channels == g.groups && g.kernel == Dims<3>{1, side, side} && fits(1) && fits(2);
}

/// sum += weights * pixels, for one row of the kernel.
XNN_CPU_INLINE __m512 add_row(__m512 sum, const __m512 (&weights)[side], const __m512 (&pixels)[side]) {
    XNN_UNROLL for (int k = 0; k < side; ++k) sum = _mm512_fmadd_ps(weights[k], pixels[k], sum);
    return sum;
}

/// Results in rows: each row of an image is read once, for all rows of results that depend on it.
template <class Walked>
void walk_forward(const Extents e, const Walked columns, Images<const float> x, const float* w, bool turned, index_t channels, float* y, index_t y_pitch,
                  const WalkFinish finish) {
    constexpr index_t taps = side * side;
    const index_t pad = e.before_y, rows = e.result_height;
    // What is walked through next: the processor does not see where it lies.
    const index_t ahead = x.count > 1 ? x.pitch : e.size(), y_ahead = x.count > 1 ? y_pitch : e.result_size();
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
            XNN_PREFETCH(row + ahead);
            if (inside) columns.load(row, pixels);
            ++number, row += e.width;
            return inside;
        };
        const auto finished = [&](__m512 sum) {
            if (finish.accumulate) sum = simd::batch<float>(sum) + simd::batch<float>(columns.load_result(to));
            columns.store(to, simd::max_or_nan(lowest, simd::batch<float>(sum)));
            __builtin_prefetch(to + y_ahead, 1);
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
                if (!read()) continue;
                if (i < rows) add(0, newest);
                if (i > 0 && i <= rows) add(1, middle);
                if (i > 1) add(2, oldest);  // rows that are not there are skipped: infinity times zero is not zero
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
    constexpr index_t taps = side * side;
    const index_t x_pitch = g.groups * g.input_size(), y_pitch = g.groups * g.output_size();
    const Extents e(g);
    for_walk_tasks(g, g.output_size(), [&](index_t first, index_t channels, index_t image, index_t images) {
        with_columns(g, [&]<class Walked>() {
            for_each_walk<Walked>(e, channels, [&](const Walked& columns, index_t c, index_t count) {
                WalkFinish own = finish;
                if (own.bias != nullptr) own.bias += first + c;
                const Images<const float> from{x + image * x_pitch + (first + c) * e.size(), images, x_pitch};
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
