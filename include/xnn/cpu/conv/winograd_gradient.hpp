// The gradient of the weights of Winograd's convolution: at each point a product of matrices, [outputs, tiles] by [tiles,
// channels].
#pragma once

#include "xnn/cpu/conv/winograd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace winograd_detail {

struct GradientPoints;  // names scratch memory

/// Brings a gradient from the points, [plane, output, channel], back to weights: gw [+]= it.
template <class T>
void planes_to_weights(index_t channels, index_t out_channels, const T* from, T* gw, bool accumulate) {
    using V = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    const index_t pitch = channel_pitch<T>(channels), plane = plane_pitch<T>(out_channels, pitch);
    parallel_for(out_channels, [&](index_t output) {
        for (index_t c = 0; c < channels; c += width) {
            V halfway[kernel][points];
            for (int j = 0; j < points; ++j) {
                V at_points[points], column[kernel];
                XNN_UNROLL for (int i = 0; i < points; ++i) at_points[i] = simd::load(from + (i * points + j) * plane + output * pitch + c);
                points_to_weights(at_points, column);
                XNN_UNROLL for (int i = 0; i < kernel; ++i) halfway[i][j] = column[i];
            }
            alignas(64) T weights[taps * width];
            for (int i = 0; i < kernel; ++i) {
                V row[kernel];
                points_to_weights(halfway[i], row);
                XNN_UNROLL for (int j = 0; j < kernel; ++j) simd::store(weights + (i * kernel + j) * width, row[j]);
            }
            T* to = gw + (output * channels + c) * taps;
            const index_t some = std::min(width, channels - c);
            for (index_t i = 0; i < some; ++i)
                for (index_t tap = 0; tap < taps; ++tap) to[i * taps + tap] = weights[tap * width + i] + (accumulate ? to[i * taps + tap] : T(0));
        }
    });
}

/// gw [+]= the gradient with respect to the weights.
template <class T>
void backward_weight(const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    constexpr index_t memory = 4 << 20, least_tiles = 56;
    const TiledImages from = tiled_input(g), to = tiled_output(g);
    const index_t x_pitch = channel_pitch<T>(g.in_channels), gy_pitch = channel_pitch<T>(g.out_channels);
    const index_t rows = g.batch * from.tile_rows;
    const index_t tiles = std::max<index_t>(memory / (planes * (x_pitch + gy_pitch) * static_cast<index_t>(sizeof(T))), least_tiles);
    const index_t step = gemm_detail::even_part(rows, std::max<index_t>(tiles / from.tile_columns, 1));
    const index_t x_plane = plane_pitch<T>(step * from.tile_columns, x_pitch), gy_plane = plane_pitch<T>(step * from.tile_columns, gy_pitch);
    const index_t gw_plane = plane_pitch<T>(g.out_channels, x_pitch);
    T* x_points = scratch<InputPoints, T>(planes * x_plane);
    T* gy_points = scratch<OutputPoints, T>(planes * gy_plane);
    T* gw_points = scratch<GradientPoints, T>(planes * gw_plane);
    for (index_t begin = 0; begin < rows; begin += step) {
        const index_t end = std::min(begin + step, rows);
        parallel_for(end - begin, [&](index_t row) {
            for_each_image(from, begin + row, begin + row + 1, [&](TileRows part) {
                part.first = row * from.tile_columns;
                tiles_to_points<points>(from, part, stage(from, part, x), x_points, x_plane, [](const auto& d, auto& v) { input_to_points(d, v); });
                tiles_to_points<outputs>(to, part, stage(to, part, gy), gy_points, gy_plane, [](const auto& y, auto& v) { coefficients_to_points(y, v); });
            });
        });
        parallel_for(planes, [&](index_t plane) {
            gemm(Cpu{}, Transpose::yes, Transpose::no, g.out_channels, g.in_channels, (end - begin) * from.tile_columns, gy_points + plane * gy_plane,
                 gy_pitch, x_points + plane * x_plane, x_pitch, gw_points + plane * gw_plane, x_pitch, {.accumulate = begin > 0});
        });
    }
    planes_to_weights(g.in_channels, g.out_channels, gw_points, gw, accumulate);
}

}  // namespace winograd_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
