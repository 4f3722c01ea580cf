// Matrix products on the CPU: every transposition, an epilogue, any extents.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "xnn/core/config.hpp"
#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/core/scratch.hpp"
#include "xnn/cpu/gemm/driver.hpp"
#include "xnn/cpu/gemm/gemv.hpp"
#include "xnn/cpu/widen.hpp"

namespace xnn::kernels {

/// Whether a matrix enters a product as it is stored.
enum class Transpose : bool { no, yes };

/// A function applied to each element of a result.
enum class Activation : unsigned char { none, relu };

/// What happens to a product AB on its way into C: C = activation([C +] AB + bias [+ D]).
template <class T>
struct GemmEpilogue {
    bool accumulate = false;         ///< add to what C holds; otherwise C's content is never read
    const T* column_bias = nullptr;  ///< n numbers, one for each column of C (a linear layer's bias), or null
    const T* row_bias = nullptr;     ///< m numbers, one for each row of C (a convolution's bias), or null
    Activation activation = Activation::none;
    const T* addend = nullptr;  ///< D, a matrix of C's extents that does not overlap it (what a residual block adds), or null
    index_t addend_pitch = 0;   ///< elements from one row of D to the next
};

inline namespace XNN_SIMD_ARCH {
namespace gemm_detail {

constexpr Transpose operator!(Transpose t) { return t == Transpose::no ? Transpose::yes : Transpose::no; }

template <class T>
XNN_CPU_INLINE T apply(Activation activation, T value) {
    return activation == Activation::relu && value < T(0) ? T(0) : value;
}

/// What a product is added to: a matrix or nothing, and numbers for the rows and columns of C.
template <class T>
struct Addends {
    const T* start;
    index_t start_pitch;
    const T* row_bias;
    const T* column_bias;
};

/// The addends of an epilogue. A tile starts either from a matrix or from a bias that lies along its registers, so where
/// there are several of these their sum is written to C.
template <class T>
Addends<T> addends_of(const GemmEpilogue<T>& epilogue, index_t m, index_t n, T* c, index_t ldc, bool registers_lie_along_rows) {
    const bool has_addend = epilogue.addend != nullptr;
    Addends<T> result{epilogue.accumulate ? c : epilogue.addend, epilogue.accumulate ? ldc : epilogue.addend_pitch,
                      epilogue.row_bias, epilogue.column_bias};
    const T*& along = registers_lie_along_rows ? result.column_bias : result.row_bias;
    if (result.start == nullptr || (along == nullptr && !(epilogue.accumulate && has_addend))) return result;
    for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < n; ++j) {
            T sum = along == nullptr ? T(0) : along[registers_lie_along_rows ? j : i];
            if (epilogue.accumulate) sum += c[i * ldc + j];
            if (has_addend) sum += epilogue.addend[i * epilogue.addend_pitch + j];
            c[i * ldc + j] = sum;
        }
    along = nullptr;
    result.start = c;
    result.start_pitch = ldc;
    return result;
}

/// One row of A after the other.
template <class T>
void multiply_rows(Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t a_row_stride, index_t a_k_stride,
                   const T* b, index_t ldb, T* c, index_t ldc, const Addends<T>& add, T lowest) {
    static constexpr T zero = T(0);
    for (index_t i = 0; i < m; ++i) {
        const RowProduct<T> product{.n = n,
                                    .k = k,
                                    .x = a + i * a_row_stride,
                                    .x_stride = a_k_stride,
                                    .b = b,
                                    .b_pitch = ldb,
                                    .start = add.start != nullptr ? add.start + i * add.start_pitch : add.column_bias,
                                    .bias = add.row_bias != nullptr ? add.row_bias + i : &zero,
                                    .lowest = lowest,
                                    .y = c + i * ldc};
        if (tb == Transpose::no)
            row_times_matrix(product);
        else
            row_times_transposed(product);
    }
}

/// A transposed B must be turned over. So must A and C if C' = B' A' is computed instead, which may move fewer
/// elements, or fill the registers better.
template <class T>
bool turning_pays(index_t m, index_t n, index_t k, bool accumulate) {
    constexpr index_t width = simd::width<T>;
    constexpr index_t moves = 4;  // elements that are turned over while a register is multiplied
    const index_t straight = n * k / moves + m * divide_up(n, width) * k;
    const index_t turned = m * (k + (accumulate ? 2 * n : n)) / moves + n * divide_up(m, width) * k;
    return turned < straight;
}

/// float and double.
template <std::floating_point T>
void gemm(Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t lda, const T* b, index_t ldb,
          T* c, index_t ldc, const GemmEpilogue<T>& epilogue) {
    const index_t a_row_stride = ta == Transpose::no ? lda : 1;
    const index_t a_k_stride = ta == Transpose::no ? 1 : lda;
    // A single column is the transposed problem's single row.
    if (n == 1 && m > 1 && ldc == 1 && (epilogue.addend == nullptr || epilogue.addend_pitch == 1)) {
        GemmEpilogue<T> turned = epilogue;
        std::swap(turned.row_bias, turned.column_bias);
        gemm(!tb, !ta, n, m, k, b, ldb, a, lda, c, m, turned);
        return;
    }
    const T lowest = epilogue.activation == Activation::relu ? T(0) : -std::numeric_limits<T>::infinity();
    // Few long rows are dots with the rows of a transposed B: cheaper than turning it over.
    constexpr index_t few_rows = 4, long_row = 2 * simd::width<T>;
    const bool dots = tb == Transpose::yes && a_k_stride == 1;
    if (m == 1 ? tb == Transpose::no || dots : m <= few_rows && k >= long_row && dots) {
        const Addends<T> add = addends_of(epilogue, m, n, c, ldc, true);
        multiply_rows(tb, m, n, k, a, a_row_stride, a_k_stride, b, ldb, c, ldc, add, lowest);
        return;
    }
    const bool turn = tb == Transpose::yes && (ta == Transpose::yes || turning_pays<T>(m, n, k, epilogue.accumulate));
    const Addends<T> add = addends_of(epilogue, m, n, c, ldc, !turn);
    if (turn)
        run_product<T>({n, m, k, b, ldb, 1, a, lda, ta == Transpose::no, c, ldc, true, add.column_bias, add.row_bias,
                        add.start, add.start_pitch, lowest});
    else
        run_product<T>({m, n, k, a, a_row_stride, a_k_stride, b, ldb, tb == Transpose::yes, c, ldc, false, add.row_bias,
                        add.column_bias, add.start, add.start_pitch, lowest});
}

/// 16-bit types: a product of floats, rounded once.
template <ReducedFloat T>
void gemm(Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t lda, const T* b, index_t ldb,
          T* c, index_t ldc, const GemmEpilogue<T>& epilogue) {
    using namespace wide_detail;
    const index_t a_columns = ta == Transpose::no ? k : m;
    const index_t b_columns = tb == Transpose::no ? n : k;
    const float* wide_a = widen<WideA>(a, lda, ta == Transpose::no ? m : k, a_columns);
    const float* wide_b = widen<WideB>(b, ldb, tb == Transpose::no ? k : n, b_columns);
    float* wide_c = epilogue.accumulate ? widen<WideC>(c, ldc, m, n) : scratch<WideC, float>(m * n);
    float* bias = scratch<WideBias, float>(m + n);
    GemmEpilogue<float> wide{.accumulate = epilogue.accumulate, .activation = epilogue.activation};
    if (epilogue.addend != nullptr) {
        wide.addend = widen<WideAddend>(epilogue.addend, epilogue.addend_pitch, m, n);
        wide.addend_pitch = n;
    }
    if (epilogue.column_bias != nullptr) {
        convert_rows(epilogue.column_bias, n, 1, n, bias, n);
        wide.column_bias = bias;
    }
    if (epilogue.row_bias != nullptr) {
        convert_rows(epilogue.row_bias, m, 1, m, bias + n, m);
        wide.row_bias = bias + n;
    }
    gemm(ta, tb, m, n, k, wide_a, a_columns, wide_b, b_columns, wide_c, n, wide);
    convert_rows(wide_c, n, m, n, c, ldc);
}

/// Integers: sums wrap around, as in PyTorch.
template <std::integral T>
void gemm(Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t lda, const T* b, index_t ldb,
          T* c, index_t ldc, const GemmEpilogue<T>& epilogue) {
    const auto wide = [](T value) { return static_cast<std::uint64_t>(value); };  // modulo 2^64: no overflow
    for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < n; ++j) {
            std::uint64_t sum = epilogue.accumulate ? wide(c[i * ldc + j]) : 0;
            for (index_t q = 0; q < k; ++q)
                sum += wide(ta == Transpose::no ? a[i * lda + q] : a[q * lda + i]) *
                       wide(tb == Transpose::no ? b[q * ldb + j] : b[j * ldb + q]);
            if (epilogue.addend != nullptr) sum += wide(epilogue.addend[i * epilogue.addend_pitch + j]);
            if (epilogue.column_bias != nullptr) sum += wide(epilogue.column_bias[j]);
            if (epilogue.row_bias != nullptr) sum += wide(epilogue.row_bias[i]);
            c[i * ldc + j] = apply(epilogue.activation, static_cast<T>(sum));
        }
}

}  // namespace gemm_detail

/// C = activation([C +] op(A) op(B) + bias [+ D]), row by row in memory: op(A) is [m, k], op(B) is [k, n], C is [m, n].
/// A leading dimension is the number of elements from one row to the next *as stored*: a transposed A is stored [k, m].
/// C must not overlap A or B. Where k is 0 the product is 0. Results do not depend on the number of threads.
///
/// float and double are computed in their own precision, 16-bit types as float with one rounding at the end, integers
/// modulo two to the power of their bits.
template <Element T>
    requires(!std::same_as<T, bool>)
void gemm(Cpu, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a, index_t lda, const T* b,
          index_t ldb, T* c, index_t ldc, const std::type_identity_t<GemmEpilogue<T>>& epilogue = {}) {
    if (m == 0 || n == 0) return;
    gemm_detail::gemm(ta, tb, m, n, k, a, lda, b, ldb, c, ldc, epilogue);
}

/// `count` products of the same shape, `a_step`, `b_step` and `c_step` elements apart; a step of 0 uses one matrix in
/// all products. The epilogue is the same for all of them.
template <Element T>
    requires(!std::same_as<T, bool>)
void gemm_batched(Cpu cpu, index_t count, Transpose ta, Transpose tb, index_t m, index_t n, index_t k, const T* a,
                  index_t lda, index_t a_step, const T* b, index_t ldb, index_t b_step, T* c, index_t ldc,
                  index_t c_step, const std::type_identity_t<GemmEpilogue<T>>& epilogue = {}) {
    const double operations = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    const auto run = [&](index_t i) {
        gemm(cpu, ta, tb, m, n, k, a + i * a_step, lda, b + i * b_step, ldb, c + i * c_step, ldc, epilogue);
    };
    const index_t threads = gemm_detail::product_threads(operations * static_cast<double>(count));
    // Few large products are shared one after the other, many small ones in runs.
    if (threads == 1 || count < threads) {
        for (index_t i = 0; i < count; ++i) run(i);
        return;
    }
    parallel_for(threads, [&](index_t part) {
        for (index_t i = count * part / threads; i < count * (part + 1) / threads; ++i) run(i);
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
