// Convolutions of 3 x 3 with a stride of 1 by Winograd's algorithm: a quarter of the multiplications.
//
// Images and weights are brought to 36 points (winograd_transforms.hpp), where the convolution is a product of matrices for
// each point, [tiles, channels] by [channels, outputs].
#pragma once

#include "xnn/core/derived_memory.hpp"
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

/// Weights at the points lie in panels as wide as the products' tiles: [panel, plane, channel, output of the panel]. So they are
/// read in the order in which they stand in memory, where the cache does not hold them.
template <class T>
inline constexpr index_t panel = 2 * simd::width<T>;

template <class T>
index_t weight_plane(index_t channels) {
    return plane_pitch<T>(channels, panel<T>);
}
template <class T>
index_t weight_panel(index_t channels) {
    return planes * weight_plane<T>(channels);
}

/// How weights lie: for each output and channel nine numbers, whose order is reversed in the gradient of a convolution.
struct WeightOrder {
    index_t output_step, channel_step;
    bool reversed;
};

/// Brings weights of up to a register of outputs to the points, one channel after the other; a channel's lie a panel apart.
template <class T>
void weights_to_planes(index_t channels, index_t lanes, const T* w, WeightOrder order, T* to, index_t plane) {
    using V = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    alignas(64) T weights[taps * width] = {};
    for (index_t c = 0; c < channels; ++c, to += panel<T>) {
        transpose(Cpu{}, w + c * order.channel_step, order.output_step, lanes, taps, weights, width);
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
            XNN_UNROLL for (int j = 0; j < points; ++j) simd::store(to + (i * points + j) * plane, at_points[j]);
        }
    }
}

inline WeightOrder weight_order(const ConvGeometry& g) { return {g.in_channels * taps, taps, false}; }
/// The same for the gradient of a convolution: outputs and channels of `g` have changed places in its weights.
inline WeightOrder turned_weight_order(const ConvGeometry& g) { return {taps, g.out_channels * taps, true}; }

/// Brings all weights of a convolution to the points.
template <class T>
void all_weights_to_planes(const ConvGeometry& g, const T* w, WeightOrder order, T* to) {
    constexpr index_t width = simd::width<T>;
    parallel_for(divide_up(g.out_channels, width), [&](index_t task) {
        const index_t first = task * width;
        weights_to_planes(g.in_channels, std::min(width, g.out_channels - first), w + first * order.output_step, order,
                          to + first / panel<T> * weight_panel<T>(g.in_channels) + first % panel<T>, weight_plane<T>(g.in_channels));
    });
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

/// Rows of tiles of x at the points, for their products with weights, and of what these become in y.
template <class T>
class TileBlock {
public:
    TileBlock(const ConvGeometry& g, const TiledImages& from, index_t begin, index_t end, index_t most_rows)
        : from_(from), to_(tiled_output(g)), begin_(begin), end_(end), tiles_((end - begin) * from.tile_columns), in_pitch_(channel_pitch<T>(g.in_channels)),
          out_pitch_(channel_pitch<T>(g.out_channels)), in_plane_(plane_pitch<T>(most_rows * from.tile_columns, in_pitch_)),
          out_plane_(plane_pitch<T>(most_rows * from.tile_columns, out_pitch_)), in_(scratch<InputPoints, T>(planes * in_plane_)),
          out_(scratch<OutputPoints, T>(planes * out_plane_)) {}

    void read(const T* x) {
        for_each_image(from_, begin_, end_, [&](TileRows part) {
            tiles_to_points<points>(from_, part, stage(from_, part, x), in_, in_plane_, [](const auto& d, auto& v) { input_to_points(d, v); });
        });
    }
    /// The products of the channels from `first` on with their weights, for the outputs from `output` on: at most a panel.
    void multiply(index_t first, index_t channels, const T* weights, index_t w_plane, index_t output, bool accumulate) {
        for (index_t plane = 0; plane < planes; ++plane)
            gemm(Cpu{}, Transpose::no, Transpose::no, tiles_, std::min(panel<T>, out_pitch_ - output), channels, in_ + plane * in_plane_ + first, in_pitch_,
                 weights + plane * w_plane, panel<T>, out_ + plane * out_plane_ + output, out_pitch_, {.accumulate = accumulate});
    }
    void write(T* y, const Finish<T>& finish) {
        for_each_image(from_, begin_, end_, [&](TileRows part) { points_to_images<outputs>(to_, part, out_, out_plane_, y, finish); });
    }

private:
    const TiledImages from_, to_;
    index_t begin_, end_, tiles_, in_pitch_, out_pitch_, in_plane_, out_plane_;
    T *in_, *out_;
};

/// The same where one block holds all tiles: weights are used once, and brought to the points as they are needed, for they
/// are many beside the tiles.
template <class T>
void forward_at_once(const ConvGeometry& g, const TiledImages& from, const T* x, const T* w, WeightOrder order, T* y, const Finish<T>& finish) {
    constexpr index_t most_channels = 64, width = simd::width<T>;  // the second cache holds these
    const index_t channels = gemm_detail::even_part(g.in_channels, most_channels), w_plane = weight_plane<T>(channels);
    TileBlock<T> block(g, from, 0, g.batch * from.tile_rows, g.batch * from.tile_rows);
    block.read(x);
    conv_detail::for_tasks(divide_up(g.out_channels, panel<T>), g.operations(), [&](index_t task) {
        T* weights = scratch<WeightPoints, T>(planes * w_plane);
        for (index_t c = 0; c < g.in_channels; c += channels) {
            const index_t some = std::min(channels, g.in_channels - c);
            for (index_t j = task * panel<T>; j < std::min((task + 1) * panel<T>, g.out_channels); j += width)
                weights_to_planes(some, std::min(width, g.out_channels - j), w + j * order.output_step + c * order.channel_step, order, weights + j % panel<T>, w_plane);
            block.multiply(c, some, weights, w_plane, task * panel<T>, c > 0);
        }
    });
    block.write(y, finish);
}

/// The same with weights that are at the points. Threads share the outputs where one block holds all tiles.
template <class T>
void forward_at_points(const ConvGeometry& g, const TiledImages& from, index_t step, const T* x, const T* weights, T* y, const Finish<T>& finish) {
    const index_t rows = g.batch * from.tile_rows, panels = divide_up(g.out_channels, panel<T>);
    const auto multiply = [&](TileBlock<T>& block, index_t i) {
        block.multiply(0, g.in_channels, weights + i * weight_panel<T>(g.in_channels), weight_plane<T>(g.in_channels), i * panel<T>, false);
    };
    if (step == rows) {
        TileBlock<T> block(g, from, 0, rows, rows);
        block.read(x);
        conv_detail::for_tasks(panels, g.operations(), [&](index_t task) { multiply(block, task); });
        block.write(y, finish);
        return;
    }
    conv_detail::for_tasks(divide_up(rows, step), g.operations(), [&](index_t task) {
        TileBlock<T> block(g, from, task * step, std::min(task * step + step, rows), step);
        block.read(x);
        for (index_t i = 0; i < panels; ++i) multiply(block, i);
        block.write(y, finish);
    });
}

/// Weights that take more at the points are brought there in each call: a model would be larger by all of them, and not much faster.
inline constexpr index_t most_kept_bytes = 4 << 20;

/// y = activation([y +] x * w + bias). If `derived` is given, weights that are not large stay at the points there: four times their memory.
template <class T>
void forward(const ConvGeometry& g, const T* x, const T* w, WeightOrder order, T* y, const Finish<T>& finish, DerivedMemory* derived = nullptr) {
    const TiledImages from = tiled_input(g);
    const index_t rows = g.batch * from.tile_rows, step = rows_at_once(from, g.out_channels, sizeof(T), rows);
    const index_t size = divide_up(g.out_channels, panel<T>) * weight_panel<T>(g.in_channels);
    const auto bytes = size * static_cast<index_t>(sizeof(T));
    if (derived != nullptr && bytes <= most_kept_bytes) {
        const auto kept = derived->get(static_cast<std::size_t>(bytes), [&](std::byte* to) { all_weights_to_planes(g, w, order, reinterpret_cast<T*>(to)); });
        return forward_at_points(g, from, step, x, reinterpret_cast<const T*>(kept.data()), y, finish);
    }
    if (step == rows) return forward_at_once(g, from, x, w, order, y, finish);
    T* weights = scratch<WeightPoints, T>(size);
    all_weights_to_planes(g, w, order, weights);
    forward_at_points(g, from, step, x, weights, y, finish);
}

}  // namespace winograd_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
