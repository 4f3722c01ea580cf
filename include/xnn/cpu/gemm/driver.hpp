// The loops around the microkernel: blocks of k, packed panels of B and tiles of A, shares of threads.
#pragma once

#include <algorithm>
#include <limits>

#include "xnn/core/parallel.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/gemm/microkernel.hpp"
#include "xnn/cpu/gemm/pack.hpp"
#include "xnn/cpu/gemm/plan.hpp"
#include "xnn/cpu/gemm/small.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

struct PackedTiles;   // names scratch memory
struct PackedPanels;  // names scratch memory

/// Tiles of rows and panels of columns from `begin` to before `end`.
struct Range {
    index_t begin;
    index_t end;
    index_t size() const { return end - begin; }
};

/// The rectangle of C that one thread computes, and the loops that compute it.
template <class T>
class Block {
public:
    Block(const Product<T>& product, const Plan& plan, Range tiles, Range panels)
        : p_(product), plan_(plan), tiles_(tiles), panels_(panels) {}

    void run() {
        reserve_scratch();
        for (index_t panel = panels_.begin; panel < panels_.end; panel += plan_.panels_at_once) {
            const Range panels{panel, std::min(panel + plan_.panels_at_once, panels_.end)};
            k_ = 0;
            do {  // once even where k is 0: C still gets its bias
                depth_ = std::min(plan_.k_block, p_.k - k_);
                if (plan_.pack_b) pack_panels(panels);
                for (index_t tile = tiles_.begin; tile < tiles_.end; tile += plan_.tiles_at_once) {
                    const Range tiles{tile, std::min(tile + plan_.tiles_at_once, tiles_.end)};
                    if (plan_.pack_a) pack_tiles(tiles);
                    run_tiles(tiles, panels);
                }
                k_ += depth_;
            } while (k_ < p_.k);
        }
    }

private:
    static constexpr index_t columns = tile_columns<T>;

    void reserve_scratch() {
        // Panels start at odd places: at a power of two apart they would share the sets of the first cache.
        constexpr index_t stagger = 256 / sizeof(T);
        panel_stride_ = plan_.k_block * columns + stagger;
        tile_stride_ = plan_.k_block * plan_.height + stagger;
        if (plan_.pack_b) packed_b_ = scratch<PackedPanels, T>(plan_.panels_at_once * panel_stride_);
        if (plan_.pack_a) packed_a_ = scratch<PackedTiles, T>(plan_.tiles_at_once * tile_stride_);
    }

    index_t rows_of(index_t tile) const { return std::min(plan_.height, p_.m - tile * plan_.height); }
    index_t columns_of(index_t panel) const { return std::min(columns, p_.n - panel * columns); }

    /// Columns of a packed panel: whole registers.
    index_t panel_pitch(index_t panel) const {
        constexpr index_t width = simd::width<T>;
        return columns_of(panel) > width ? columns : width;
    }

    void pack_panels(Range panels) {
        if (p_.b_transposed) {
            for (index_t panel = panels.begin; panel < panels.end; ++panel)
                pack_transposed(p_.b + panel * columns * p_.b_pitch + k_, p_.b_pitch, depth_, columns_of(panel),
                                packed_b_ + (panel - panels.begin) * panel_stride_, panel_pitch(panel));
            return;
        }
        constexpr index_t rows = 8;  // at a time for all panels: B is read in the order in which it is stored
        for (index_t k = 0; k < depth_; k += rows)
            for (index_t panel = panels.begin; panel < panels.end; ++panel) {
                const index_t pitch = panel_pitch(panel);
                pack_rows(p_.b + (k_ + k) * p_.b_pitch + panel * columns, p_.b_pitch, std::min(rows, depth_ - k),
                          columns_of(panel), packed_b_ + (panel - panels.begin) * panel_stride_ + k * pitch, pitch);
            }
    }

    /// A packed tile holds its rows of one k side by side, for one k after the other.
    void pack_tiles(Range tiles) {
        const auto from = [&](index_t tile, index_t k) { return p_.a + tile * plan_.height * p_.a_row_stride + (k_ + k) * p_.a_k_stride; };
        const auto to = [&](index_t tile) { return packed_a_ + (tile - tiles.begin) * tile_stride_; };
        if (p_.a_k_stride == 1) {
            for (index_t tile = tiles.begin; tile < tiles.end; ++tile)
                pack_transposed(from(tile, 0), p_.a_row_stride, depth_, rows_of(tile), to(tile), rows_of(tile));
            return;
        }
        constexpr index_t at_once = 8;  // for all tiles, as panels are packed
        for (index_t k = 0; k < depth_; k += at_once)
            for (index_t tile = tiles.begin; tile < tiles.end; ++tile) {
                const index_t rows = rows_of(tile);
                pack_rows(from(tile, k), p_.a_k_stride, std::min(at_once, depth_ - k), rows, to(tile) + k * rows, rows);
            }
    }

    void run_tiles(Range tiles, Range panels) {
        if (plan_.tiles_outside) {
            for (index_t tile = tiles.begin; tile < tiles.end; ++tile)
                for (index_t panel = panels.begin; panel < panels.end; ++panel)
                    run(tile, tiles.begin, panel, panels.begin);
        } else {
            for (index_t panel = panels.begin; panel < panels.end; ++panel)
                for (index_t tile = tiles.begin; tile < tiles.end; ++tile) run(tile, tiles.begin, panel, panels.begin);
        }
    }

    [[gnu::noinline]] void run(index_t tile, index_t first_tile, index_t panel, index_t first_panel) {
        alignas(64) static constexpr T zeros[columns] = {};
        const index_t i = tile * plan_.height;
        const index_t j = panel * columns;
        const index_t rows = rows_of(tile);
        const bool last = k_ + depth_ == p_.k;
        const T* start = k_ > 0 ? p_.c : p_.start;
        const index_t start_pitch = k_ > 0 ? p_.c_pitch : p_.start_pitch;
        Tile<T> t;
        t.k = depth_;
        if (plan_.pack_a) {
            t.a = packed_a_ + (tile - first_tile) * tile_stride_;
            t.a_row_stride = 1;
            t.a_k_stride = rows;
        } else {
            t.a = p_.a + i * p_.a_row_stride + k_ * p_.a_k_stride;
            t.a_row_stride = p_.a_row_stride;
            t.a_k_stride = p_.a_k_stride;
        }
        if (plan_.pack_b) {
            t.b = packed_b_ + (panel - first_panel) * panel_stride_;
            t.b_pitch = panel_pitch(panel);
        } else {
            t.b = p_.b + k_ * p_.b_pitch + j;
            t.b_pitch = p_.b_pitch;
        }
        if (plan_.tiles_outside) {
            if (panel == first_panel && tile + 1 < tiles_.end) fetch_next_tile(t);
        } else if (tile < first_tile + tile_registers && panel + 1 < panels_.end) {
            fetch_next_panel(t, tile - first_tile);
        }
        const bool bias = last && p_.row_bias != nullptr;
        t.row_bias = bias ? p_.row_bias + i : zeros;
        t.row_bias_stride = bias ? 1 : 0;
        t.lowest = last ? p_.lowest : -std::numeric_limits<T>::infinity();
        t.start = p_.column_bias != nullptr ? p_.column_bias + j : zeros;
        t.start_pitch = 0;
        if (p_.c_transposed) {
            run_transposed(t, rows, columns_of(panel), p_.c + j * p_.c_pitch + i,
                           start != nullptr ? start + j * start_pitch + i : nullptr, start_pitch);
            return;
        }
        t.c = p_.c + i * p_.c_pitch + j;
        t.c_pitch = p_.c_pitch;
        if (start != nullptr) {
            t.start = start + i * start_pitch + j;
            t.start_pitch = start_pitch;
        }
        run_tile(t, rows, columns_of(panel));
    }

    /// The first panel that a tile meets brings the next one's part of A into the caches.
    void fetch_next_tile(Tile<T>& t) const {
        const bool rows_along_k = t.a_k_stride == 1;
        t.next = t.a + (plan_.pack_a ? tile_stride_ : plan_.height * t.a_row_stride);
        t.next_step = rows_along_k ? t.a_row_stride : t.a_k_stride;
        t.next_jump = rows_along_k ? steps_of_a_line * (1 - t.a_row_stride) : 0;
    }

    /// The first tiles that a panel meets bring a register of each row of the next one.
    void fetch_next_panel(Tile<T>& t, index_t which) const {
        t.next = t.b + columns + which * simd::width<T>;
        t.next_step = t.b_pitch;
    }

    /// The tile is computed beside C and turned over on its way there.
    void run_transposed(Tile<T>& t, index_t rows, index_t tile_columns_used, T* c, const T* start, index_t start_pitch) {
        alignas(64) T buffer[tile_rows * columns];
        t.c = buffer;
        t.c_pitch = columns;
        if (start != nullptr) {
            transpose(Cpu{}, start, start_pitch, tile_columns_used, rows, buffer, columns);
            t.start = buffer;
            t.start_pitch = columns;
        }
        run_tile(t, rows, tile_columns_used);
        transpose(Cpu{}, buffer, columns, rows, tile_columns_used, c, p_.c_pitch);
    }

    const Product<T>& p_;
    const Plan& plan_;
    Range tiles_;
    Range panels_;
    index_t k_ = 0;      // where the block of k begins
    index_t depth_ = 0;  // how long it is
    index_t panel_stride_ = 0;
    index_t tile_stride_ = 0;
    T* packed_a_ = nullptr;
    T* packed_b_ = nullptr;
};

/// Threads that may share one product.
inline index_t product_threads(double operations) {
    constexpr double worthwhile = 4e6;  // about the work that a parallel region costs
#ifdef _OPENMP
    if (operations >= worthwhile && !omp_in_parallel()) return get_num_threads();
#endif
    (void)operations, (void)worthwhile;
    return 1;
}

/// Computes the product. Threads share the tiles: which thread computes a tile changes nothing in it.
template <class T>
void run_product(const Product<T>& p) {
    if (is_small(p)) return run_small(p);
    const Plan plan = make_plan(p);
    const double operations = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
    const index_t threads = product_threads(operations);
    if (threads == 1) {
        Block<T>(p, plan, {0, plan.tiles}, {0, plan.panels}).run();
        return;
    }
    const bool by_panels = divide_up(plan.panels, threads) * plan.tiles <= divide_up(plan.tiles, threads) * plan.panels;
    const index_t parts = std::min(threads, by_panels ? plan.panels : plan.tiles);
    parallel_for(parts, [&](index_t part) {
        const auto share = [&](index_t total) { return Range{total * part / parts, total * (part + 1) / parts}; };
        if (by_panels)
            Block<T>(p, plan, {0, plan.tiles}, share(plan.panels)).run();
        else
            Block<T>(p, plan, share(plan.tiles), {0, plan.panels}).run();
    });
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
