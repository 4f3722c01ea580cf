// Transposition of a matrix block: out of place, in registers where the instruction set has shuffles for it.
#pragma once

#include <algorithm>

#include "xnn/core/device.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace transpose_detail {

/// Rows that transpose_strip turns over at once; 1: there is none for this type.
template <class T>
inline constexpr index_t strip_rows = 1;

/// Columns that transpose_strip turns over at once.
inline constexpr index_t strip_columns = 4;

#if defined(__AVX512F__)
template <>
inline constexpr index_t strip_rows<float> = 16;

// to[k, r] = from[row_offset[r] + k] for 16 rows and 4 columns, of which the first `rows` are stored. The rows q, q +
// 4, q + 8 and q + 12 are gathered in the quarters of one register by loads; 4 x 4 transpositions within the quarters
// remain.
XNN_CPU_INLINE void transpose_strip(const float* from, const index_t (&row_offset)[16], float* to, index_t to_pitch,
                                simd::FirstLanes<float> rows) {
    __m512 row[4];
    XNN_UNROLL for (int q = 0; q < 4; ++q) {
        row[q] = _mm512_castps128_ps512(_mm_loadu_ps(from + row_offset[q]));
        row[q] = _mm512_insertf32x4(row[q], _mm_loadu_ps(from + row_offset[q + 4]), 1);
        row[q] = _mm512_insertf32x4(row[q], _mm_loadu_ps(from + row_offset[q + 8]), 2);
        row[q] = _mm512_insertf32x4(row[q], _mm_loadu_ps(from + row_offset[q + 12]), 3);
    }
    const __m512 low02 = _mm512_maskz_unpacklo_ps(0xffff, row[0], row[2]),
                 high02 = _mm512_maskz_unpackhi_ps(0xffff, row[0], row[2]);
    const __m512 low13 = _mm512_maskz_unpacklo_ps(0xffff, row[1], row[3]),
                 high13 = _mm512_maskz_unpackhi_ps(0xffff, row[1], row[3]);
    simd::store(to, _mm512_maskz_unpacklo_ps(0xffff, low02, low13), rows);
    simd::store(to + to_pitch, _mm512_maskz_unpackhi_ps(0xffff, low02, low13), rows);
    simd::store(to + 2 * to_pitch, _mm512_maskz_unpacklo_ps(0xffff, high02, high13), rows);
    simd::store(to + 3 * to_pitch, _mm512_maskz_unpackhi_ps(0xffff, high02, high13), rows);
}

/// Columns that transpose_block turns over at once.
inline constexpr index_t block_columns = 8;

// to[k, r] = from[r, k] for 16 rows and 8 columns. The rows q and q + 4 share a register, as do q + 8 and q + 12; after
// transpositions of 4 x 4 within the quarters of registers, whole quarters remain to be put in order.
XNN_CPU_INLINE void transpose_block(const float* from, index_t from_pitch, float* to, index_t to_pitch) {
    __m512 half[2][4];
    XNN_UNROLL for (int h = 0; h < 2; ++h) {
        __m512 row[4];
        XNN_UNROLL for (int q = 0; q < 4; ++q) {
            const float* first = from + (8 * h + q) * from_pitch;
            row[q] = _mm512_maskz_insertf32x8(0xffff, _mm512_castps256_ps512(_mm256_loadu_ps(first)), _mm256_loadu_ps(first + 4 * from_pitch), 1);
        }
        const __m512 low02 = _mm512_maskz_unpacklo_ps(0xffff, row[0], row[2]), high02 = _mm512_maskz_unpackhi_ps(0xffff, row[0], row[2]);
        const __m512 low13 = _mm512_maskz_unpacklo_ps(0xffff, row[1], row[3]), high13 = _mm512_maskz_unpackhi_ps(0xffff, row[1], row[3]);
        half[h][0] = _mm512_maskz_unpacklo_ps(0xffff, low02, low13);
        half[h][1] = _mm512_maskz_unpackhi_ps(0xffff, low02, low13);
        half[h][2] = _mm512_maskz_unpacklo_ps(0xffff, high02, high13);
        half[h][3] = _mm512_maskz_unpackhi_ps(0xffff, high02, high13);
    }
    XNN_UNROLL for (int k = 0; k < 4; ++k) {
        simd::store(to + k * to_pitch, _mm512_maskz_shuffle_f32x4(0xffff, half[0][k], half[1][k], 0x88));
        simd::store(to + (k + 4) * to_pitch, _mm512_maskz_shuffle_f32x4(0xffff, half[0][k], half[1][k], 0xdd));
    }
}
#elif defined(__SSE2__)
template <>
inline constexpr index_t strip_rows<float> = 4;

// The same for 4 rows, all of which are stored.
XNN_CPU_INLINE void transpose_strip(const float* from, const index_t (&row_offset)[4], float* to, index_t to_pitch,
                                simd::FirstLanes<float>) {
    __m128 row[4];
    XNN_UNROLL for (int q = 0; q < 4; ++q) row[q] = _mm_loadu_ps(from + row_offset[q]);
    const __m128 low02 = _mm_unpacklo_ps(row[0], row[2]), high02 = _mm_unpackhi_ps(row[0], row[2]);
    const __m128 low13 = _mm_unpacklo_ps(row[1], row[3]), high13 = _mm_unpackhi_ps(row[1], row[3]);
    _mm_storeu_ps(to, _mm_unpacklo_ps(low02, low13));
    _mm_storeu_ps(to + to_pitch, _mm_unpackhi_ps(low02, low13));
    _mm_storeu_ps(to + 2 * to_pitch, _mm_unpacklo_ps(high02, high13));
    _mm_storeu_ps(to + 3 * to_pitch, _mm_unpackhi_ps(high02, high13));
}
#endif

}  // namespace transpose_detail

/// to[k, r] = from[r, k] for r < rows, k < columns; the pitches are elements from one row to the next.
template <class T>
void transpose(Cpu, const T* from, index_t from_pitch, index_t rows, index_t columns, T* to, index_t to_pitch) {
    using namespace transpose_detail;
    constexpr index_t strip = strip_rows<T>;
    index_t r = 0;
    if constexpr (strip > 1) {
        // A narrower last strip reads its last row again and again where only whole strips can be read.
        for (; r < rows && (strip == 16 || r + strip <= rows); r += strip) {
            const index_t filled = std::min(strip, rows - r);
            index_t row_offset[strip];
            for (index_t q = 0; q < strip; ++q) row_offset[q] = std::min(q, filled - 1) * from_pitch;
            const T* from_rows = from + r * from_pitch;
            index_t k = 0;
#if defined(__AVX512F__)
            if (filled == strip)
                for (; k + block_columns <= columns; k += block_columns) transpose_block(from_rows + k, from_pitch, to + k * to_pitch + r, to_pitch);
#endif
            for (; k + strip_columns <= columns; k += strip_columns)
                transpose_strip(from_rows + k, row_offset, to + k * to_pitch + r, to_pitch,
                                simd::FirstLanes<T>(filled));
            // The last strip may overlap the one before.
            if (k < columns && columns >= strip_columns) {
                k = columns - strip_columns;
                transpose_strip(from_rows + k, row_offset, to + k * to_pitch + r, to_pitch, simd::FirstLanes<T>(filled));
                continue;
            }
            for (; k < columns; ++k)
                for (index_t q = 0; q < filled; ++q) to[k * to_pitch + r + q] = from_rows[row_offset[q] + k];
        }
    }
    for (; r < rows; ++r)
        for (index_t k = 0; k < columns; ++k) to[k * to_pitch + r] = from[r * from_pitch + k];
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
