// The innermost loop of a matrix product: one tile of C held in registers while k runs.
#pragma once

#include <algorithm>
#include <array>
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
inline constexpr index_t tile_columns = tile_registers* simd::width<T>;

/// Floats in a line of the caches.
inline constexpr index_t steps_of_a_line = 16;

/// What one call of a microkernel computes, for i in the tile's rows and j in its columns:
///     c[i, j] = max(lowest, start[i, j] + sum over k of a[i, k] * b[k, j] + row_bias[i * row_bias_stride])
/// `start` is C itself where the product is added to it, or the bias of the columns or zeros (with a pitch of 0).
/// Constants instead of cases (a bias of zero, a lowest value of minus infinity) keep the kernels small: there are many
/// of them.
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
    const T* row_bias;
    index_t row_bias_stride;
    T lowest;
    // What will be read after this tile is fetched meanwhile: a line at each k, next_step elements behind the one before, and
    // next_jump more after every steps_of_a_line. Null: nothing is.
    const T* next = nullptr;
    index_t next_step = 0;
    index_t next_jump = 0;
};

/// Where the rows of A stand at one k: a pointer to every fourth of them, from which the three that follow are reached by multiples
/// of the stride. The compiler would rather keep a multiple for each row, for which there are too few registers.
template <class T, int Rows>
class RowsOfA {
public:
    XNN_CPU_INLINE RowsOfA(const T* a, index_t row_stride) : stride_(row_stride), three_strides_(3 * row_stride) {
        XNN_UNROLL for (int group = 0; group < groups; ++group) {
            fourth_row_[group] = a + 4 * group * row_stride;
            XNN_OPAQUE(fourth_row_[group]);
        }
        XNN_OPAQUE(three_strides_);
    }

    /// Element of row i.
    XNN_CPU_INLINE T operator[](int i) const {
        const T* row = fourth_row_[i / 4];
        return i % 4 == 3 ? row[three_strides_] : row[i % 4 * stride_];
    }

    XNN_CPU_INLINE void advance(index_t k_stride) {
        XNN_UNROLL for (int group = 0; group < groups; ++group) fourth_row_[group] += k_stride;
    }

private:
    static constexpr int groups = (Rows + 3) / 4;
    const T* fourth_row_[groups];
    index_t stride_;
    index_t three_strides_;
};

/// sum[i, j] += a[i] * b[j]: one step of k.
template <class T, int Rows, int Registers>
XNN_CPU_INLINE void add_step(simd::batch<T> (&sum)[Rows][Registers], const RowsOfA<T, Rows>& a, const T* b, simd::FirstLanes<T> mask) {
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
        const Batch element(a[i]);
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
        XNN_UNROLL for (int s = 1; s < sets; ++s) XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[s][i][j] =
            Batch(T(0));
    }

    RowsOfA<T, Rows> a(tile.a, tile.a_row_stride);
    const T* b = tile.b;
    const index_t a_k_stride = tile.a_k_stride;
    const index_t b_pitch = tile.b_pitch;
    index_t k = tile.k;
    if constexpr (sets > 1) {
        for (; k >= sets; k -= sets)
            XNN_UNROLL for (int s = 0; s < sets; ++s, a.advance(a_k_stride), b += b_pitch)
                add_step<T>(sum[s], a, b, mask);
    } else {
        const T* next = tile.next != nullptr ? tile.next : tile.a;
        const index_t next_step = tile.next_step;
        for (; k >= steps_of_a_line; k -= steps_of_a_line, next += tile.next_jump)
            for (index_t step = 0; step < steps_of_a_line; ++step, a.advance(a_k_stride), b += b_pitch, next += next_step) {
                add_step<T>(sum[0], a, b, mask);
                XNN_PREFETCH(next);
            }
    }
    for (; k > 0; --k, a.advance(a_k_stride), b += b_pitch) add_step<T>(sum[0], a, b, mask);
    XNN_UNROLL for (int s = 1; s < sets; ++s) XNN_UNROLL for (int i = 0; i < Rows; ++i)
        XNN_UNROLL for (int j = 0; j < Registers; ++j) sum[0][i][j] += sum[s][i][j];

    const Batch lowest(tile.lowest);
    const T* row_bias = tile.row_bias;
    T* c = tile.c;
    XNN_UNROLL for (int i = 0; i < Rows; ++i, row_bias += tile.row_bias_stride, c += tile.c_pitch) {
        const Batch bias(*row_bias);
        XNN_UNROLL for (int j = 0; j < last; ++j)
            simd::store(c + j * width, simd::max_or_nan(lowest, sum[0][i][j] + bias));
        const Batch value = simd::max_or_nan(lowest, sum[0][i][last] + bias);
        if (tile.last_columns < width)  // a masked store is not forwarded to loads that follow soon
            simd::store(c + last * width, value, mask);
        else
            simd::store(c + last * width, value);
    }
}

/// Heights of the microkernels for tiles of `registers` registers, ascending: tiles of other heights are made of
/// several. Each instance costs compile time. Tiles of one register are only needed for the last columns of C.
template <int Registers>
inline constexpr auto heights = [] {
    if constexpr (Registers == 1)
        return std::array{1, 2, 4, std::min(8, tile_rows)};
    else if constexpr (tile_rows == 14)
        return std::array{1, 2, 4, 8, 12, 14};
    else
        return std::array{1, 2, 4, 6};
}();

/// The largest height up to `rows`.
template <int Registers>
constexpr int step_rows(int rows) {
    int result = 1;
    for (int height : heights<Registers>)
        if (height <= rows) result = height;
    return result;
}

template <class T>
struct Step {
    int rows;
    void (*run)(const Tile<T>&);
};

template <class T, int Registers, int... Index>
constexpr std::array<Step<T>, sizeof...(Index)> make_steps(std::integer_sequence<int, Index...>) {
    return {Step<T>{step_rows<Registers>(Index + 1), microkernel<T, step_rows<Registers>(Index + 1), Registers>}...};
}

/// At index n - 1 stands the first microkernel for a tile of n rows.
template <class T, int Registers>
inline constexpr auto steps = make_steps<T, Registers>(std::make_integer_sequence<int, tile_rows>{});

/// Computes a tile of `rows` rows, 1 ... tile_rows, and `columns` columns, 1 ... tile_columns. Its pointers move on.
template <class T>
void run_tile(Tile<T>& tile, index_t rows, index_t columns) {
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
        tile.row_bias += step.rows * tile.row_bias_stride;
    }
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
