// Copies of matrix blocks in the order in which the microkernel reads them.
#pragma once

#include "xnn/cpu/simd.hpp"
#include "xnn/cpu/transpose.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

/// to[k, j] = from[k, j] for j < columns, zero for the columns from there to the pitch.
template <class T>
void pack_rows(const T* from, index_t from_pitch, index_t rows, index_t columns, T* to, index_t to_pitch) {
    constexpr index_t width = simd::width<T>;
    for (index_t k = 0; k < rows; ++k, from += from_pitch, to += to_pitch) {
        index_t j = 0;
        for (; j + width <= columns; j += width) simd::store(to + j, simd::load(from + j));
        if constexpr (simd::masked_loads_are_cheap) {
            if (j < to_pitch) simd::store(to + j, simd::load(from + j, columns - j), to_pitch - j);
        } else {
            for (; j < to_pitch; ++j) to[j] = j < columns ? from[j] : T(0);
        }
    }
}

/// to[k, j] = from[j, k] for j < columns, zero for the columns from there to the pitch.
template <class T>
void pack_transposed(const T* from, index_t from_pitch, index_t rows, index_t columns, T* to, index_t to_pitch) {
    transpose(Cpu{}, from, from_pitch, columns, rows, to, to_pitch);
    if (columns < to_pitch)
        for (index_t k = 0; k < rows; ++k)
            for (index_t j = columns; j < to_pitch; ++j) to[k * to_pitch + j] = T(0);
}

}  // namespace gemm_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
