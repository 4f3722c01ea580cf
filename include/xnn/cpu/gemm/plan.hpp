// How a matrix product is cut into blocks. Nothing here depends on the number of threads, so that no result does.
#pragma once

#include <algorithm>

#include "xnn/cpu/gemm/microkernel.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

/// A matrix product reduced to what the driver needs: C = A B, with A read through two strides, B perhaps stored
/// transposed ([n, k]), and C perhaps stored transposed ([n, m]).
template <class T>
struct Product {
    index_t m, n, k;
    const T* a;
    index_t a_row_stride, a_k_stride;
    const T* b;
    index_t b_pitch;
    bool b_transposed;
    T* c;
    index_t c_pitch;
    bool c_transposed;
    const T* row_bias;     // m elements or null
    const T* column_bias;  // n elements or null; not with start
    const T* start;        // what the product is added to, stored as C, perhaps C itself; or null
    index_t start_pitch;
    T lowest;
};

/// Sizes of the blocks, in elements, tiles of rows and panels of columns (a panel is as wide as the widest tile).
struct Plan {
    index_t height;  // rows of a tile; the last has what is left
    index_t tiles;
    index_t panels;
    index_t k_block;
    index_t tiles_at_once;   // packed together if pack_a
    index_t panels_at_once;  // packed together if pack_b
    bool pack_a;
    bool pack_b;
    bool tiles_outside;  // a tile meets all panels before the next one does, or a panel all tiles
};

/// The height of tiles that covers m rows at the least cost, among those that one microkernel computes.
template <int Registers>
constexpr index_t tile_height(index_t m) {
    constexpr index_t highest = heights<Registers>.back();
    if (m <= highest) return m;
    index_t best = highest;
    index_t best_cost = 0;
    for (index_t height : heights<Registers>) {
        if (height <= highest / 2) continue;
        // In units of one row: a tile costs its rows and an overhead; the fewest rows do not fill the pipeline.
        const index_t left = m % height;
        const index_t cost = m / height * (height + 1) + (left == 0 ? 0 : std::max<index_t>(left, 3) + 1);
        if (best_cost == 0 || cost <= best_cost) {
            best = height;
            best_cost = cost;
        }
    }
    return best;
}

/// Splits `total` into parts of about equal size, each at most `limit`; the size of a part.
inline index_t even_part(index_t total, index_t limit) {
    return total <= limit ? total : divide_up(total, divide_up(total, limit));
}

/// Decides what to pack and how large the blocks are; the sizes were measured on machines with 1 MiB of second-level
/// cache.
template <class T>
Plan make_plan(const Product<T>& p) {
    constexpr index_t second_level_cache = 1 << 20;
    constexpr index_t page = 4096;
    constexpr index_t few_rows = 64;  // which do not repay a copy of a large B
    constexpr index_t columns = tile_columns<T>;
    constexpr index_t size = sizeof(T);
    Plan plan;
    plan.height = p.n > simd::width<T> ? tile_height<2>(p.m) : tile_height<1>(p.m);
    plan.tiles = divide_up(p.m, plan.height);
    plan.panels = divide_up(p.n, columns);
    const bool b_is_large = p.k * p.n * size > second_level_cache;
    const bool masks_needed = p.n % simd::width<T> != 0;
    // Rows of B that are far apart cost an address translation each: many tiles are worth a copy.
    const bool b_is_scattered = p.b_pitch * size >= page / 2 && p.m >= 256;
    plan.pack_b =
        p.b_transposed || (b_is_large && p.m > few_rows) || b_is_scattered || (masks_needed && !simd::masked_loads_are_cheap);
    plan.tiles_outside = plan.pack_b || p.m > p.n;
    // Rows that are pages apart fall into the same few sets of a cache, as do the columns of a transposed A.
    const bool a_rows_collide = plan.pack_b && p.a_row_stride * size % page == 0 && p.m > few_rows;
    const bool a_is_scattered = p.a_k_stride * size >= page / 8 && p.k >= 64 && plan.panels >= 3;
    plan.pack_a = plan.tiles_outside && (a_rows_collide || a_is_scattered);
    plan.k_block = even_part(p.k, 2048 / size);
    const index_t group_bytes = p.b_transposed ? 128 << 10 : 512 << 10;
    const index_t panel_bytes = std::max<index_t>(plan.k_block, 1) * columns * size;
    plan.panels_at_once =
        even_part(plan.panels, plan.pack_b ? std::max<index_t>(group_bytes / panel_bytes, 1) : plan.panels);
    const index_t tile_bytes = std::max<index_t>(plan.k_block, 1) * plan.height * size;
    plan.tiles_at_once =
        even_part(plan.tiles, plan.pack_a ? std::max<index_t>((384 << 10) / tile_bytes, 1) : plan.tiles);
    return plan;
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
