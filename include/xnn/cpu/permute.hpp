// Copies of an array with its dimensions in another order.
#pragma once

#include "xnn/core/shape.hpp"
#include "xnn/cpu/registers.hpp"
#include "xnn/cpu/transpose.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// to[i…] = from[j…] where dimension d of `to` is dimension order[d] of `from`. `extents` are those of `from`.
/// Dimensions that stay together are moved together; where the last one moves, matrices are turned over.
template <class T, std::size_t Rank>
void permute_copy(Cpu cpu, const T* from, T* to, const Dims<Rank>& extents, const FixedArray<std::size_t, Rank>& order) {
    if (product(extents) == 0) return;
    if constexpr (Rank == 0) {
        *to = *from;
    } else {
        // The dimensions of `to` with their strides in `from`; those that are neighbours in both become one.
        const Dims<Rank> strides = contiguous_strides(extents);
        Dims<Rank> extent{}, step{};
        std::size_t rank = 0;
        for (std::size_t d = 0; d < Rank; ++d) {
            const index_t n = extents[order[d]], s = strides[order[d]];
            if (n == 1) continue;
            if (rank > 0 && step[rank - 1] == n * s) {
                extent[rank - 1] *= n;
                step[rank - 1] = s;
            } else {
                extent[rank] = n;
                step[rank++] = s;
            }
        }
        if (rank <= 1) {
            std::copy_n(from, product(extents), to);
            return;
        }
        Dims<Rank> to_step{};
        for (std::size_t d = rank; d-- > 0;) to_step[d] = d + 1 == rank ? 1 : to_step[d + 1] * extent[d + 1];
        // Matrices: columns are contiguous in `from`, rows in `to`; all other dimensions count them.
        std::size_t column = rank - 1;
        for (std::size_t d = 0; d < rank; ++d)
            if (step[d] == 1) column = d;
        const bool rows_stay = column == rank - 1;
        const std::size_t row = rows_stay ? rank - 2 : rank - 1;
        index_t matrices = 1;
        for (std::size_t d = 0; d < rank; ++d)
            if (d != column && d != row) matrices *= extent[d];
        constexpr index_t tile = 64;
        const index_t rows = extent[row], columns = extent[column];
        const index_t row_tiles = divide_up(rows, tile), column_tiles = rows_stay ? 1 : divide_up(columns, tile);
        const index_t tile_size = std::min(rows, tile) * (rows_stay ? columns : std::min(columns, tile));
        parallel_chunks(matrices * row_tiles * column_tiles, items_per_task(tile_size), [&](index_t begin, index_t end) {
            for (index_t t = begin; t < end; ++t) {
                index_t rest = t / (row_tiles * column_tiles), source = 0, target = 0;
                for (std::size_t d = rank; d-- > 0;) {
                    if (d == column || d == row) continue;
                    source += rest % extent[d] * step[d];
                    target += rest % extent[d] * to_step[d];
                    rest /= extent[d];
                }
                const index_t i = t / column_tiles % row_tiles * tile, j = t % column_tiles * tile;
                source += i * step[row] + j;
                target += i * to_step[row] + j * to_step[column];
                const index_t count = std::min(tile, rows - i);
                if (rows_stay)
                    for (index_t r = 0; r < count; ++r) std::copy_n(from + source + r * step[row], columns, to + target + r * to_step[row]);
                else
                    transpose(cpu, from + source, step[row], count, std::min(tile, columns - j), to + target, to_step[column]);
            }
        });
    }
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
