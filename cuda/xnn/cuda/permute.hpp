// Copies of an array with its dimensions in another order, in one kernel: rows that stay rows are read and written side by side,
// others by small tiles that a thread turns over in its registers.
#pragma once

#include <cstdint>

#include "xnn/core/shape.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels {

namespace permute_detail {

/// Where the elements of some dimensions stand, in the source and in the copy.
template <std::size_t Rank>
struct Places {
    Dims<Rank> extent, from, to;
    std::size_t used;

    void add(index_t n, index_t from_step, index_t to_step) {
        extent[used] = n;
        from[used] = from_step;
        to[used++] = to_step;
    }
    /// Adds the offsets of number i.
    XNN_INLINE void locate(index_t i, index_t& source, index_t& target) const {
        XNN_DEVICE_UNROLL for (std::size_t d = Rank; d-- > 0;) {
            if (d >= used) continue;
            const index_t outer = cuda::quotient(i, extent[d]), position = i - outer * extent[d];
            source += position * from[d];
            target += position * to[d];
            i = outer;
        }
    }
};

/// Elements that are moved as one.
template <class T, int Count>
struct alignas(sizeof(T) * Count) Several {
    T elements[Count];
};

template <class V, std::size_t Rank>
struct MoveRows {
    const V* source;
    V* target;
    Places<Rank> rows;
    index_t length;
    XNN_INLINE void operator()(index_t i) const {
        const index_t row = cuda::quotient(i, length), j = i - row * length;
        index_t from = j, to = j;
        rows.locate(row, from, to);
        target[to] = source[from];
    }
};

/// Matrices of which the columns are contiguous in the source and the rows in the copy. A thread turns over a tile: it reads whole
/// sectors of memory, and its neighbours write beside it.
template <class T, std::size_t Rank>
struct TurnTiles {
    static constexpr index_t tile_rows = 4, tile_columns = 32 / sizeof(T);
    const T* source;
    T* target;
    Places<Rank> matrices;
    index_t rows, columns;
    index_t from_pitch, to_pitch;
    index_t row_tiles, column_tiles;

    XNN_INLINE void operator()(index_t i) const {
        const index_t strip = cuda::quotient(i, row_tiles), r = (i - strip * row_tiles) * tile_rows;
        const index_t matrix = cuda::quotient(strip, column_tiles), c = (strip - matrix * column_tiles) * tile_columns;
        index_t from = r * from_pitch + c, to = c * to_pitch + r;
        matrices.locate(matrix, from, to);
        if (r + tile_rows <= rows && c + tile_columns <= columns) {
            T tile[tile_rows][tile_columns];
            XNN_DEVICE_UNROLL for (index_t y = 0; y < tile_rows; ++y)
                XNN_DEVICE_UNROLL for (index_t x = 0; x < tile_columns; ++x) tile[y][x] = source[from + y * from_pitch + x];
            XNN_DEVICE_UNROLL for (index_t x = 0; x < tile_columns; ++x)
                XNN_DEVICE_UNROLL for (index_t y = 0; y < tile_rows; ++y) target[to + x * to_pitch + y] = tile[y][x];
        } else {
            for (index_t x = 0; x < tile_columns && c + x < columns; ++x)
                for (index_t y = 0; y < tile_rows && r + y < rows; ++y) target[to + x * to_pitch + y] = source[from + y * from_pitch + x];
        }
    }
};

template <class T, std::size_t Rank, cuda::Device D>
void turn(D device, const T* from, index_t from_pitch, index_t rows, index_t columns, T* to, index_t to_pitch, const Places<Rank>& matrices,
          index_t count) {
    using Tiles = TurnTiles<T, Rank>;
    const index_t row_tiles = divide_up(rows, Tiles::tile_rows), column_tiles = divide_up(columns, Tiles::tile_columns);
    cuda::launch(device, count * row_tiles * column_tiles, Tiles{from, to, matrices, rows, columns, from_pitch, to_pitch, row_tiles, column_tiles});
}

template <int Count, class T, std::size_t Rank, cuda::Device D>
void move_rows(D device, const T* from, T* to, Places<Rank> rows, index_t count, index_t length) {
    using V = Several<T, Count>;
    for (std::size_t d = 0; d < rows.used; ++d) {
        rows.from[d] /= Count;
        rows.to[d] /= Count;
    }
    cuda::launch(device, count * length / Count,
                 MoveRows<V, Rank>{reinterpret_cast<const V*>(from), reinterpret_cast<V*>(to), rows, length / Count});
}

}  // namespace permute_detail

/// As permute_copy of the Cpu.
template <class T, std::size_t Rank, cuda::Device D>
void permute_copy(D device, const T* from, T* to, const Dims<Rank>& extents, const FixedArray<std::size_t, Rank>& order) {
    const index_t size = product(extents);
    const auto copy = [=] { copy_bytes(device, to, device, from, static_cast<std::size_t>(size) * sizeof(T)); };
    if constexpr (Rank < 2) {
        copy();
    } else {
        // The dimensions of `to` with their strides in `from`; those that are neighbours in both become one.
        const Dims<Rank> strides = contiguous_strides(extents);
        permute_detail::Places<Rank> all{};
        for (std::size_t d = 0; d < Rank; ++d) {
            const index_t n = extents[order[d]], stride = strides[order[d]];
            const auto before = all.used - 1;
            if (n == 1) continue;
            if (all.used > 0 && all.from[before] == n * stride) {
                all.extent[before] *= n;
                all.from[before] = stride;
            } else {
                all.add(n, stride, 0);
            }
        }
        if (all.used <= 1 || size == 0) return copy();
        const auto last = all.used - 1;
        std::size_t column = last;  // the dimension that is contiguous in `from`
        index_t step = 1;
        for (std::size_t d = last + 1; d-- > 0; step *= all.extent[d]) {
            all.to[d] = step;
            if (all.from[d] == 1) column = d;
        }
        permute_detail::Places<Rank> others{};
        for (std::size_t d = 0; d < last; ++d)
            if (d != column) others.add(all.extent[d], all.from[d], all.to[d]);
        if (column == last) {
            const index_t length = all.extent[last];
            constexpr int several = sizeof(T) < 16 ? static_cast<int>(16 / sizeof(T)) : 1;
            const auto address = reinterpret_cast<std::uintptr_t>(from) | reinterpret_cast<std::uintptr_t>(to);
            if (length % several == 0 && address % (sizeof(T) * several) == 0)  // every stride is a multiple of the length
                permute_detail::move_rows<several>(device, from, to, others, size / length, length);
            else
                permute_detail::move_rows<1>(device, from, to, others, size / length, length);
        } else {
            const index_t rows = all.extent[last], columns = all.extent[column];
            permute_detail::turn(device, from, all.from[last], rows, columns, to, all.to[column], others, size / rows / columns);
        }
    }
}

/// As transpose_copy of the Cpu.
template <class T, cuda::Device D>
void transpose_copy(D device, const T* from, T* to, index_t batch, index_t rows, index_t columns) {
    permute_copy(device, from, to, Dims<3>{batch, rows, columns}, {0, 2, 1});
}

/// As transpose of the Cpu.
template <class T, cuda::Device D>
void transpose(D device, const T* from, index_t from_pitch, index_t rows, index_t columns, T* to, index_t to_pitch) {
    permute_detail::turn(device, from, from_pitch, rows, columns, to, to_pitch, permute_detail::Places<1>{}, 1);
}

}  // namespace xnn::kernels
