// Small products: the factors lie in the first caches, so that tiles are computed where they stand, without a plan.
#pragma once

#include <limits>

#include "xnn/cpu/gemm/pack.hpp"
#include "xnn/cpu/gemm/plan.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

/// Numbers of B that are copied to the stack if they must be copied.
inline constexpr index_t small_matrix = 4096;

/// Whether the microkernel reads B where it lies.
template <class T>
bool reads_in_place(const Product<T>& p) {
    return !p.b_transposed && (simd::masked_loads_are_cheap || p.n % simd::width<T> == 0);
}

template <class T>
bool is_small(const Product<T>& p) {
    constexpr index_t side = 512, volume = 64 * 64 * 64;
    if (p.c_transposed || p.m > side || p.n > side || p.k > side || p.m * p.n * p.k > volume) return false;
    return reads_in_place(p) || round_up(p.n, simd::width<T>) * p.k <= small_matrix;
}

/// tile_height() without divisions.
template <int Registers>
index_t small_tile_height(index_t m) {
    static constexpr auto known = [] {
        std::array<unsigned char, 65> result{};
        for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<unsigned char>(tile_height<Registers>(static_cast<index_t>(i)));
        return result;
    }();
    return m < static_cast<index_t>(known.size()) ? known[static_cast<std::size_t>(m)] : tile_height<Registers>(m);
}

/// Computes the product with B here and stored as it is multiplied.
template <class T>
void run_tiles(const Product<T>& p, const T* b, index_t b_pitch) {
    constexpr index_t columns = tile_columns<T>;
    alignas(64) static constexpr T zeros[columns] = {};
    const index_t height = p.n > simd::width<T> ? small_tile_height<2>(p.m) : small_tile_height<1>(p.m);
    for (index_t i = 0; i < p.m; i += height)
        for (index_t j = 0; j < p.n; j += columns) {
            Tile<T> tile;
            tile.k = p.k;
            tile.a = p.a + i * p.a_row_stride;
            tile.a_row_stride = p.a_row_stride;
            tile.a_k_stride = p.a_k_stride;
            tile.b = b + j;
            tile.b_pitch = b_pitch;
            if (p.start != nullptr) {
                tile.start = p.start + i * p.start_pitch + j;
                tile.start_pitch = p.start_pitch;
            } else {
                tile.start = p.column_bias != nullptr ? p.column_bias + j : zeros;
                tile.start_pitch = 0;
            }
            tile.c = p.c + i * p.c_pitch + j;
            tile.c_pitch = p.c_pitch;
            tile.row_bias = p.row_bias != nullptr ? p.row_bias + i : zeros;
            tile.row_bias_stride = p.row_bias != nullptr ? 1 : 0;
            tile.lowest = p.lowest;
            run_tile(tile, std::min(height, p.m - i), std::min(columns, p.n - j));
        }
}

/// The same with a B that must be turned over, or filled up to whole registers.
template <class T>
[[gnu::noinline]] void run_tiles_of_copy(const Product<T>& p) {
    alignas(64) T copy[small_matrix];
    const index_t pitch = round_up(p.n, simd::width<T>);
    if (p.b_transposed)
        pack_transposed(p.b, p.b_pitch, p.k, p.n, copy, pitch);
    else
        pack_rows(p.b, p.b_pitch, p.k, p.n, copy, pitch);
    run_tiles(p, copy, pitch);
}

template <class T>
void run_small(const Product<T>& p) {
    if (reads_in_place(p))
        run_tiles(p, p.b, p.b_pitch);
    else
        run_tiles_of_copy(p);
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
