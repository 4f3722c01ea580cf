// The gradient with respect to x of depthwise convolutions of 3 x 3 with a stride of 2: rows of gy are spread over every second
// row and column of gx, and what lies between.
#pragma once

#include "xnn/cpu/conv/choice.hpp"
#include "xnn/cpu/conv/depthwise_walks.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace depthwise_detail {

#if defined(__AVX512VL__)

/// 16 columns of gy and the 32 of gx that begin at the same place; in padding, column 2 m of gx depends on the columns m and m
/// - 1 of gy, and column 2 m + 1 on m alone.
struct SpreadColumns {
    __mmask16 here, before, low, high;  // which columns there are, of gy and of gx
    index_t from, to;

    SpreadColumns(const Extents& e, index_t first)
        : here(lanes_inside(first, e.result_width)), before(lanes_inside(first - 1, e.result_width)), low(lanes_inside(2 * first - e.before_x, e.width)),
          high(lanes_inside(2 * first + walk_lanes - e.before_x, e.width)), from(first), to(2 * first - e.before_x) {}

    XNN_CPU_INLINE void store(float* row, __m512 even, __m512 odd, bool accumulate) const {
        const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const __m512i second = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        simd::batch<float> left = _mm512_permutex2var_ps(even, first, odd), right = _mm512_permutex2var_ps(even, second, odd);
        if (accumulate) {
            left += simd::batch<float>(_mm512_maskz_loadu_ps(low, row));
            right += simd::batch<float>(_mm512_maskz_loadu_ps(high, row + walk_lanes));
        }
        _mm512_mask_storeu_ps(row, low, left);
        if (high != 0) _mm512_mask_storeu_ps(row + walk_lanes, high, right);
    }
};

/// The columns of one channel of some images.
inline void walk_spread(const Extents e, const SpreadColumns columns, Images<const float> gy, const float* w, float* gx, index_t gx_pitch, bool accumulate) {
    const simd::batch<float> zero(0.0F);
    simd::batch<float> weights[side][side];
    XNN_UNROLL for (int i = 0; i < side; ++i) XNN_UNROLL for (int j = 0; j < side; ++j) weights[i][j] = simd::batch<float>(w[i * side + j]);
    for (index_t image = 0; image < gy.count; ++image) {
        const float* row = gy.data + image * gy.pitch + columns.from;
        float* to = gx + image * gx_pitch + columns.to - e.before_y * e.width;
        simd::batch<float> here_above = zero, before_above = zero;
        for (index_t y = -e.before_y; y < e.height; y += 2, row += e.result_width, to += 2 * e.width) {
            const bool inside = (y + e.before_y) / 2 < e.result_height;
            const simd::batch<float> here = inside ? simd::batch<float>(_mm512_maskz_loadu_ps(columns.here, row)) : zero;
            const simd::batch<float> before = inside ? simd::batch<float>(_mm512_maskz_loadu_ps(columns.before, row - 1)) : zero;
            const auto even = [&](int i, auto sum) { return simd::fma(weights[i][0], here, simd::fma(weights[i][2], before, sum)); };
            if (y >= 0)
                columns.store(to, even(0, simd::fma(weights[2][0], here_above, weights[2][2] * before_above)), simd::fma(weights[0][1], here, weights[2][1] * here_above),
                              accumulate);
            if (y + 1 >= 0 && y + 1 < e.height) columns.store(to + e.width, even(1, zero), weights[1][1] * here, accumulate);
            here_above = here, before_above = before;
        }
    }
}

/// gx [+]= the gradient with respect to x.
inline void backward_data_by_spreading(const ConvGeometry& g, const float* gy, const float* w, float* gx, bool accumulate) {
    constexpr index_t taps = side * side;
    const index_t x_pitch = g.groups * g.input_size(), y_pitch = g.groups * g.output_size();
    const Extents e(g);
    for_walk_tasks(g, g.input_size(), [&](index_t begin, index_t channels, index_t image, index_t images) {
        for (index_t c = begin; c < begin + channels; ++c)
            for (index_t first = 0; 2 * first < e.width + e.before_x; first += walk_lanes)
                walk_spread(e, SpreadColumns(e, first), {gy + image * y_pitch + c * e.result_size(), images, y_pitch}, w + c * taps,
                            gx + image * x_pitch + c * e.size(), x_pitch, accumulate);
    });
}

/// The same with either stride.
inline void backward_data_by_walks(const ConvGeometry& g, const float* gy, const float* w, float* gx, bool accumulate) {
    if (g.stride[1] == 2) return backward_data_by_spreading(g, gy, w, gx, accumulate);
    forward_by_walks(conv_detail::turned_over(g), gy, w, true, gx, {nullptr, false, accumulate});
}

#else

void backward_data_by_walks(const ConvGeometry&, const float* gy, const float* w, float* gx, bool accumulate);

#endif

}  // namespace depthwise_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
