// Transposed copies of whole matrices: what a permutation of dimensions costs where it must stand in memory.
#pragma once

#include <algorithm>

#include "xnn/cpu/registers.hpp"
#include "xnn/cpu/transpose.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// to[b, j, i] = from[b, i, j] for (batch, rows, columns), by tiles that stay in the cache.
template <class T>
void transpose_copy(Cpu cpu, const T* from, T* to, index_t batch, index_t rows, index_t columns) {
    constexpr index_t tile = 64;
    const index_t row_tiles = divide_up(rows, tile), column_tiles = divide_up(columns, tile);
    const index_t tiles = batch * row_tiles * column_tiles;
    const index_t tile_size = std::min(rows, tile) * std::min(columns, tile);
    parallel_chunks(tiles, items_per_task(tile_size), [=](index_t begin, index_t end) {
        for (index_t t = begin; t < end; ++t) {
            const index_t matrix = t / (row_tiles * column_tiles) * rows * columns;
            const index_t i = t % row_tiles * tile, j = t / row_tiles % column_tiles * tile;
            transpose(cpu, from + matrix + i * columns + j, columns, std::min(tile, rows - i),
                      std::min(tile, columns - j), to + matrix + j * rows + i, rows);
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
