// Images cut into tiles for Winograd's convolution, and brought to its points and back. Images store channel after
// channel; here channels lie side by side, so that registers hold channels and any extents of the image are as good.
#pragma once

#include <algorithm>
#include <limits>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/conv/winograd_transforms.hpp"
#include "xnn/cpu/transpose.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace winograd_detail {

inline constexpr index_t planes = points * points;

struct StagedRows;  // names scratch memory

/// Channels side by side fill whole registers. What lies behind the last channel is computed along and never read.
template <class T>
constexpr index_t channel_pitch(index_t channels) { return divide_up(channels, simd::width<T>) * simd::width<T>; }

/// Elements from one point's plane to the next: a cache line more than a plane holds, for else the planes of one tile
/// could share the sets of a cache.
template <class T>
constexpr index_t plane_pitch(index_t rows, index_t pitch) { return rows * pitch + static_cast<index_t>(64 / sizeof(T)); }

/// A batch of images seen as tiles of Step x Step results, Step apart, each of which depends on Extent x Extent elements of
/// the images. Rows of tiles are counted through the images.
struct TiledImages {
    index_t channels;
    index_t height, width;
    index_t step, extent;            // in both directions
    index_t before_y, before_x;      // how far the first tile reaches over the edge
    index_t tile_rows, tile_columns; // of an image

    index_t size() const { return height * width; }
};

/// Rows of tiles of one image: those from `begin` to before `end` of image `image`; `first` tiles are counted before them.
struct TileRows {
    index_t image, begin, end, first;
};

/// Calls run(TileRows) for the parts of [begin, end), counted through the images, that lie in one image.
template <class Run>
void for_each_image(const TiledImages& x, index_t begin, index_t end, const Run& run) {
    for (index_t row = begin; row < end;) {
        const index_t image = row / x.tile_rows, start = row - image * x.tile_rows;
        const index_t stop = std::min(x.tile_rows, start + end - row);
        run(TileRows{image, start, stop, (row - begin) * x.tile_columns});
        row += stop - start;
    }
}

/// The rows of an image that some tiles read, or write, which are no more than the image has.
struct PixelRows {
    index_t begin, end;
    PixelRows(const TiledImages& x, TileRows rows)
        : begin(std::max<index_t>(rows.begin * x.step - x.before_y, 0)),
          end(std::clamp((rows.end - 1) * x.step - x.before_y + x.extent, begin, x.height)) {}
};

/// A copy with the channels side by side.
template <class T>
T* stage(const TiledImages& x, TileRows rows, const T* images) {
    const PixelRows pixels(x, rows);
    const index_t pitch = channel_pitch<T>(x.channels), count = (pixels.end - pixels.begin) * x.width;
    T* staged = scratch<StagedRows, T>(count * pitch);
    transpose(Cpu{}, images + rows.image * x.channels * x.size() + pixels.begin * x.width, x.size(), x.channels, count, staged, pitch);
    return staged;
}

/// Brings the tiles of `rows` to the points: to[plane, tile, channel], for tiles from rows.first on. Map takes N numbers
/// along a side to points.
template <int N, class T, class Map>
void tiles_to_points(const TiledImages& x, TileRows rows, const T* staged, T* to, index_t to_plane, const Map& map) {
    using V = simd::batch<T>;
    const index_t pitch = channel_pitch<T>(x.channels);
    const PixelRows pixels(x, rows);
    index_t tile = rows.first;
    for (index_t ty = rows.begin; ty < rows.end; ++ty)
        for (index_t tx = 0; tx < x.tile_columns; ++tx, ++tile) {
            const index_t top = ty * x.step - x.before_y, left = tx * x.step - x.before_x;
            const int first_row = static_cast<int>(std::max<index_t>(-top, 0)), last_row = static_cast<int>(std::clamp<index_t>(x.height - top, first_row, N));
            const T* corner = staged + ((top - pixels.begin) * x.width + left) * pitch;
            T* target = to + tile * pitch;
            for (index_t c = 0; c < pitch; c += simd::width<T>) {
                V halfway[points][N];  // columns are at the points
                for (int j = 0; j < N; ++j) {
                    V column[N], at_points[points];
                    const bool outside = left + j < 0 || left + j >= x.width;
                    const T* from = corner + j * pitch + c;
                    XNN_UNROLL for (int i = 0; i < N; ++i)
                        column[i] = outside || i < first_row || i >= last_row ? V(T(0)) : simd::load(from + i * x.width * pitch);
                    map(column, at_points);
                    XNN_UNROLL for (int i = 0; i < points; ++i) halfway[i][j] = at_points[i];
                }
                for (int i = 0; i < points; ++i) {
                    V at_points[points];
                    map(halfway[i], at_points);
                    XNN_UNROLL for (int j = 0; j < points; ++j) simd::store(target + (i * points + j) * to_plane + c, at_points[j]);
                }
            }
        }
}

/// What happens to results on their way out: y = activation([y +] result + bias).
template <class T>
struct Finish {
    const T* bias;  // one number for each channel, or null
    bool accumulate;
    bool relu;
};

/// Brings the tiles of `rows` back from the points and into the images.
template <int M, class T>
void points_to_images(const TiledImages& y, TileRows rows, const T* from, index_t from_plane, T* images, const Finish<T>& finish) {
    using V = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    const index_t pitch = channel_pitch<T>(y.channels);
    const PixelRows pixels(y, rows);
    const index_t count = (pixels.end - pixels.begin) * y.width;
    T* staged = finish.accumulate ? stage(y, rows, images) : scratch<StagedRows, T>(count * pitch);
    const V lowest(finish.relu ? T(0) : -std::numeric_limits<T>::infinity());
    index_t tile = rows.first;
    for (index_t ty = rows.begin; ty < rows.end; ++ty)
        for (index_t tx = 0; tx < y.tile_columns; ++tx, ++tile) {
            const index_t top = ty * M, left = tx * M;
            const index_t height = std::min<index_t>(M, y.height - top), columns = std::min<index_t>(M, y.width - left);
            T* corner = staged + ((top - pixels.begin) * y.width + left) * pitch;
            for (index_t c = 0; c < pitch; c += width) {
                const T* source = from + tile * pitch + c;
                V halfway[M][points];  // columns are results
                for (int j = 0; j < points; ++j) {
                    V at_points[points], column[M];
                    XNN_UNROLL for (int i = 0; i < points; ++i) at_points[i] = simd::load(source + (i * points + j) * from_plane);
                    points_to_output(at_points, column);
                    XNN_UNROLL for (int i = 0; i < M; ++i) halfway[i][j] = column[i];
                }
                const V bias = finish.bias == nullptr ? V(T(0)) : simd::load(finish.bias + c, std::min(width, y.channels - c));
                for (index_t i = 0; i < height; ++i) {
                    V row[M];
                    points_to_output(halfway[i], row);
                    T* to = corner + i * y.width * pitch + c;
                    XNN_UNROLL for (int j = 0; j < M; ++j) {
                        if (j >= columns) break;
                        V value = row[j] + bias;
                        if (finish.accumulate) value += simd::load(to + j * pitch);
                        simd::store(to + j * pitch, simd::max_or_nan(lowest, value));
                    }
                }
            }
        }
    transpose(Cpu{}, staged, pitch, count, y.channels, images + rows.image * y.channels * y.size() + pixels.begin * y.width, y.size());
}

}  // namespace winograd_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
