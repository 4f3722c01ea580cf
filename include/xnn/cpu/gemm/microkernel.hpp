// The innermost loop of a matrix product: one tile of C held in registers while k runs.
#pragma once

#include <array>
#include <bit>
#include <utility>

#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

/// Registers of the widest tile, side by side along a row of C.
inline constexpr int tile_registers = 2;

/// The most rows of a tile: its accumulators, one row of B and one element of A share the registers.
inline constexpr int tile_rows = simd::register_count == 32 ? 14 : 6;

/// Columns of the widest tile.
template <class T>
inline constexpr index_t tile_columns = tile_registers * simd::width<T>;

/// What one call of a microkernel computes, for i in the tile's rows and j in its columns:
///     c[i, j] = activation(start[i, j] + sum over k of a[i, k] * b[k, j] + row_bias[i])
/// `start` is C itself where the product is added to it, the bias of the columns (with a pitch of 0), or zeros.
template <class T>
struct Tile {
    index_t k;
    const T* a;
    index_t a_row_stride;
    index_t a_k_stride;
    const T* b;
    index_t b_pitch;
    const T* start;
    index_t start_pitch;
    T* c;
    index_t c_pitch;
    index_t last_columns;  // columns in the last register: 1 ... width
    const T* row_bias;     // may be null
    bool relu;
};

/// sum[i, j] += a[i] * b[j]: one step of k.
template <class T, int Rows, int Registers>
XNN_INLINE void add_step(simd::batch<T> (&sum)[Rows][Registers], const T* a, index_t a_row_stride, const T* b,
                         simd::FirstLanes<T> mask) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int last = Registers - 1;
    Batch row[Registers];
    XNN_UNROLL for (int j = 0; j < last; ++j) row[j] = simd::load(b + j * width);
    if constexpr (simd::masked_loads_are_cheap)
        row[last] = simd::load(b + last * width, mask);
    else
        row[last] = simd::load(b + last * width);  // B has been packed where its last columns do not fill a register
    XNN_UNROLL for (int i = 0; i < Rows; ++i) {
        const Batch element(a[i * a_row_stride]);
        XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[i][j] = simd::fma(element, row[j], sum[i][j]);
    }
}

/// Computes a tile of Rows rows and Registers registers, the last of them perhaps used in part.
template <class T, int Rows, int Registers>
[[gnu::noinline]] void microkernel(const Tile<T>& tile) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int last = Registers - 1;
    // Small tiles take turns on several sets of accumulators: a single set would wait for the latency of each fma.
    constexpr int sets = Rows * Registers >= 8 ? 1 : Rows * Registers >= 4 ? 2 : 4;

    const simd::FirstLanes<T> mask(tile.last_columns);
    Batch sum[sets][Rows][Registers];
    const T* start = tile.start;
    XNN_UNROLL for (int i = 0; i < Rows; ++i) {
        XNN_UNROLL for (int j = 0; j < last; ++j) sum[0][i][j] = simd::load(start + j * width);
        sum[0][i][last] = simd::load(start + last * width, mask);
        start += tile.start_pitch;
        XNN_UNROLL for (int s = 1; s < sets; ++s)
            XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[s][i][j] = Batch(T(0));
    }

    const T* a = tile.a;
    const T* b = tile.b;
    const index_t a_row_stride = tile.a_row_stride;
    const index_t a_k_stride = tile.a_k_stride;
    const index_t b_pitch = tile.b_pitch;
    index_t k = tile.k;
    if constexpr (sets > 1) {
        for (; k >= sets; k -= sets)
            XNN_UNROLL for (int s = 0; s < sets; ++s, a += a_k_stride, b += b_pitch)
                add_step<T>(sum[s], a, a_row_stride, b, mask);
    }
    for (; k > 0; --k, a += a_k_stride, b += b_pitch) add_step<T>(sum[0], a, a_row_stride, b, mask);
    XNN_UNROLL for (int s = 1; s < sets; ++s)
        XNN_UNROLL for (int i = 0; i < Rows; ++i)
            XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[0][i][j] += sum[s][i][j];

    if (tile.row_bias != nullptr) {
        XNN_UNROLL for (int i = 0; i < Rows; ++i) {
            const Batch bias(tile.row_bias[i]);
            XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[0][i][j] += bias;
        }
    }
    if (tile.relu) {
        XNN_UNROLL for (int i = 0; i < Rows; ++i)
            XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[0][i][j] = simd::relu(sum[0][i][j]);
    }
    T* c = tile.c;
    const index_t c_pitch = tile.c_pitch;
    if (tile.last_columns == width) {
        XNN_UNROLL for (int i = 0; i < Rows; ++i, c += c_pitch)
            XNN_UNROLL for (int j = 0; j < Registers; ++j) simd::store(c + j * width, sum[0][i][j]);
    } else {
        XNN_UNROLL for (int i = 0; i < Rows; ++i, c += c_pitch) {
            XNN_UNROLL for (int j = 0; j < last; ++j) simd::store(c + j * width, sum[0][i][j]);
            simd::store(c + last * width, sum[0][i][last], mask);
        }
    }
}

/// Rows of the first microkernel that a tile of `rows` rows runs. Each instance costs compile time, so that some heights
/// are made of two (5 = 3 + 2, 7 = 4 + 3, 9 = 6 + 3, 11 = 8 + 3, 13 = 10 + 3), and tiles of one register, which only the last
/// columns of C need, come in powers of two.
constexpr int step_rows(int registers, int rows) {
    if (registers == 1) return static_cast<int>(std::bit_floor(static_cast<unsigned>(rows)));
    if (rows % 2 == 0 || rows <= 3) return rows;
    return rows <= 7 ? (rows + 1) / 2 : rows - 3;
}

template <class T>
struct Step {
    int rows;
    void (*run)(const Tile<T>&);
};

template <class T, int Registers, int... Index>
constexpr std::array<Step<T>, sizeof...(Index)> make_steps(std::integer_sequence<int, Index...>) {
    return {Step<T>{step_rows(Registers, Index + 1), microkernel<T, step_rows(Registers, Index + 1), Registers>}...};
}

/// The first microkernel for a tile of n rows stands at index n - 1.
template <class T, int Registers>
inline constexpr auto steps = make_steps<T, Registers>(std::make_integer_sequence<int, tile_rows>{});

/// Computes a tile of `rows` rows, 1 ... tile_rows, and `columns` columns, 1 ... tile_columns.
template <class T>
void run_tile(Tile<T> tile, index_t rows, index_t columns) {
    constexpr index_t width = simd::width<T>;
    const bool wide = columns > width;
    tile.last_columns = wide ? columns - width : columns;
    for (;;) {
        const Step<T>& step = (wide ? steps<T, 2> : steps<T, 1>)[static_cast<std::size_t>(rows - 1)];
        step.run(tile);
        rows -= step.rows;
        if (rows == 0) return;
        tile.a += step.rows * tile.a_row_stride;
        tile.start += step.rows * tile.start_pitch;
        tile.c += step.rows * tile.c_pitch;
        if (tile.row_bias != nullptr) tile.row_bias += step.rows;
    }
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
