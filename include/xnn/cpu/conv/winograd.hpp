// Convolutions of 3 x 3 with a stride of 1 by Winograd's algorithm: a quarter of the multiplications.
//
// Images and weights are brought to 36 points (winograd_transforms.hpp), where the convolution is a product of matrices for
// each point, [tiles, channels] by [channels, outputs].
#pragma once

#include "xnn/cpu/conv/tasks.hpp"
#include "xnn/cpu/conv/winograd_tiles.hpp"
#include "xnn/cpu/gemm.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace winograd_detail {

inline constexpr int kernel = 3, taps = kernel * kernel;
inline constexpr int outputs = points - kernel + 1;  // of a tile, along a side

struct InputPoints;   // names scratch memory
struct OutputPoints;  // names scratch memory
struct WeightPoints;  // names scratch memory

/// Weights at the points lie in panels as wide as the products' tiles: [plane, panel, channel, output of the panel].
template <class T>
inline constexpr index_t panel = 2 * simd::width<T>;

template <class T>
index_t weight_plane(index_t channels, index_t out_channels) {
    return plane_pitch<T>(divide_up(out_channels, panel<T>) * channels, panel<T>);
}

/// How weights lie: for each output and channel nine numbers, whose order is reversed in the gradient of a convolution.
struct WeightOrder {
    index_t output_step, channel_step;
    bool reversed;
};

/// Brings weights to the points.
template <class T>
void weights_to_planes(index_t channels, index_t out_channels, const T* w, WeightOrder order, T* to) {
    using V = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    const index_t plane = weight_plane<T>(channels, out_channels);
    parallel_for(divide_up(out_channels, width), [&](index_t task) {
        const index_t first = task * width, lanes = std::min(width, out_channels - first);
        T* target = to + first / panel<T> * channels * panel<T> + first % panel<T>;
        alignas(64) T weights[taps * width] = {};
        for (index_t c = 0; c < channels; ++c, target += panel<T>) {
            transpose(Cpu{}, w + first * order.output_step + c * order.channel_step, order.output_step, lanes, taps, weights, width);
            V halfway[points][kernel];
            XNN_UNROLL for (int j = 0; j < kernel; ++j) {
                V column[kernel], at_points[points];
                XNN_UNROLL for (int i = 0; i < kernel; ++i) {
                    const index_t tap = i * kernel + j;
                    column[i] = simd::load(weights + (order.reversed ? taps - 1 - tap : tap) * width);
                }
                weights_to_points(column, at_points);
                XNN_UNROLL for (int i = 0; i < points; ++i) halfway[i][j] = at_points[i];
            }
            for (int i = 0; i < points; ++i) {
                V at_points[points];
                weights_to_points(halfway[i], at_points);
                XNN_UNROLL for (int j = 0; j < points; ++j) simd::store(target + (i * points + j) * plane, at_points[j]);
            }
        }
    });
}

/// The weights of a convolution at the points, in memory that the calling thread keeps.
template <class T>
T* weights_at_points(const ConvGeometry& g, const T* w) {
    T* to = scratch<WeightPoints, T>(planes * weight_plane<T>(g.in_channels, g.out_channels));
    weights_to_planes(g.in_channels, g.out_channels, w, {g.in_channels * taps, taps, false}, to);
    return to;
}
/// The same for the gradient of a convolution with weights w: outputs and channels of `g` have changed places in them.
template <class T>
T* turned_weights_at_points(const ConvGeometry& g, const T* w) {
    T* to = scratch<WeightPoints, T>(planes * weight_plane<T>(g.in_channels, g.out_channels));
    weights_to_planes(g.in_channels, g.out_channels, w, {taps, g.out_channels * taps, true}, to);
    return to;
}

inline TiledImages tiled_input(const ConvGeometry& g) {
    const Dims<3> output = g.output();
    return {g.in_channels, g.input[1], g.input[2], outputs, points, g.pad_before[1], g.pad_before[2], divide_up(output[1], index_t{outputs}),
            divide_up(output[2], index_t{outputs})};
}
inline TiledImages tiled_output(const ConvGeometry& g) {
    const Dims<3> output = g.output();
    return {g.out_channels, output[1], output[2], outputs, outputs, 0, 0, divide_up(output[1], index_t{outputs}), divide_up(output[2], index_t{outputs})};
}

/// Rows of tiles that are computed together: what stands at the points stays in the second cache, unless the weights are
/// so many that they had better be read seldom.
inline index_t rows_at_once(const TiledImages& x, index_t out_channels, index_t element_size, index_t total) {
    constexpr index_t cache = 600 << 10, least_tiles = 28;
    const index_t tile_bytes = planes * (x.channels + out_channels) * element_size;
    const index_t tiles = std::max(cache / tile_bytes, least_tiles);
    return gemm_detail::even_part(total, std::max<index_t>(tiles / x.tile_columns, 1));
}

/// y = activation([y +] x * w + bias) for weights at the points.
template <class T>
void forward(const ConvGeometry& g, const T* x, const T* weights, T* y, const Finish<T>& finish) {
    const TiledImages from = tiled_input(g), to = tiled_output(g);
    const index_t rows = g.batch * from.tile_rows, step = rows_at_once(from, g.out_channels, sizeof(T), rows);
    const index_t in_pitch = channel_pitch<T>(g.in_channels), out_pitch = channel_pitch<T>(g.out_channels);
    const index_t in_plane = plane_pitch<T>(step * from.tile_columns, in_pitch), out_plane = plane_pitch<T>(step * from.tile_columns, out_pitch);
    const index_t w_plane = weight_plane<T>(g.in_channels, g.out_channels);
    const auto block = [&](index_t task) {
        const index_t begin = task * step, end = std::min(begin + step, rows);
        T* in = scratch<InputPoints, T>(planes * in_plane);
        T* out = scratch<OutputPoints, T>(planes * out_plane);
        for_each_image(from, begin, end, [&](TileRows part) {
            tiles_to_points<points>(from, part, stage(from, part, x), in, in_plane, [](const auto& d, auto& v) { input_to_points(d, v); });
        });
        for (index_t plane = 0; plane < planes; ++plane)
            for (index_t j = 0; j < out_pitch; j += panel<T>)
                gemm(Cpu{}, Transpose::no, Transpose::no, (end - begin) * from.tile_columns, std::min(panel<T>, out_pitch - j), g.in_channels,
                     in + plane * in_plane, in_pitch, weights + plane * w_plane + j * g.in_channels, panel<T>, out + plane * out_plane + j, out_pitch);
        for_each_image(from, begin, end, [&](TileRows part) { points_to_images<outputs>(to, part, out, out_plane, y, finish); });
    };
    conv_detail::for_tasks(divide_up(rows, step), g.operations(), block);
}

}  // namespace winograd_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
