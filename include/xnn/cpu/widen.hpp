// 16-bit types are computed with as dense copies in float.
#pragma once

#include "xnn/core/dtype.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace wide_detail {

struct WideA;       // names scratch memory: first operand
struct WideB;       // second operand
struct WideC;       // result
struct WideAddend;  // what is added to it
struct WideBias;    // small vectors

/// Copies rows of either type into rows of the other, rounding to nearest; pitches are elements between rows.
template <class From, class To>
void convert_rows(const From* from, index_t from_pitch, index_t rows, index_t columns, To* to, index_t to_pitch) {
    constexpr index_t width = simd::width<float>;
    for (index_t i = 0; i < rows; ++i)
        for (index_t j = 0; j < columns; j += width) {
            const index_t some = columns - j < width ? columns - j : width;
            simd::store(to + i * to_pitch + j, simd::load(from + i * from_pitch + j, some), some);
        }
}

/// A dense copy in float, in the scratch memory of `Purpose`.
template <class Purpose, ReducedFloat T>
float* widen(const T* from, index_t pitch, index_t rows, index_t columns) {
    float* to = scratch<Purpose, float>(rows * columns);
    convert_rows(from, pitch, rows, columns, to, columns);
    return to;
}

/// The same for n elements in a row; null stays null.
template <class Purpose, ReducedFloat T>
float* widen(const T* from, index_t n) {
    return from == nullptr ? nullptr : widen<Purpose>(from, n, 1, n);
}

}  // namespace wide_detail

/// Writes n numbers of one type as numbers of the other, rounding to nearest.
template <class From, class To>
void convert_numbers(Cpu, const From* from, index_t n, To* to) { wide_detail::convert_rows(from, n, 1, n, to, n); }

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
