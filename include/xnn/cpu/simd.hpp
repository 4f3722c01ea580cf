// The only place that names xsimd: registers of float and double, loads and stores of whole and partial registers in
// every element type, and the operations that xsimd spells differently from version to version.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

// GCC 12 warns of variables in its own AVX-512 intrinsics (GCC bug 105593), wherever they are inlined.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
// Without optimisation GCC makes macros of intrinsics, with casts that xsimd's registers do not have.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__OPTIMIZE__) && defined(__AVX512BW__)
#include <immintrin.h>
#undef _mm512_mask_blend_epi8
#undef _mm512_mask_blend_epi16
inline __m512i _mm512_mask_blend_epi8(__mmask64 mask, __m512i a, __m512i b) {
    return reinterpret_cast<__m512i>(__builtin_ia32_blendmb_512_mask(reinterpret_cast<__v64qi>(a), reinterpret_cast<__v64qi>(b), mask));
}
inline __m512i _mm512_mask_blend_epi16(__mmask32 mask, __m512i a, __m512i b) {
    return reinterpret_cast<__m512i>(__builtin_ia32_blendmw_512_mask(reinterpret_cast<__v32hi>(a), reinterpret_cast<__v32hi>(b), mask));
}
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "xnn/core/dtype.hpp"

/// xnn::simd stands in an inline namespace of the instruction set, so that translation units built for different ones link.
#if defined(__AVX512F__)
#define XNN_SIMD_ARCH avx512
#elif defined(__AVX2__)
#define XNN_SIMD_ARCH avx2
#elif defined(__AVX__)
#define XNN_SIMD_ARCH avx
#elif defined(__aarch64__)
#define XNN_SIMD_ARCH neon
#else
#define XNN_SIMD_ARCH baseline
#endif

namespace xnn::simd {
inline namespace XNN_SIMD_ARCH {

/// Elements of T are computed with in registers.
template <class T>
inline constexpr bool vectorized = Floating<std::remove_cv_t<T>>;

namespace detail {
template <class T, bool = vectorized<T>>
struct batch_of {
    using type = std::remove_cv_t<T>;
    static constexpr index_t width = 1;
};
template <class T>
struct batch_of<T, true> {
    using type = xsimd::batch<compute_t<T>>;
    static constexpr index_t width = static_cast<index_t>(type::size);
};
}  // namespace detail

/// The register that elements of T are computed in: float for the 16-bit types, T itself for integers and bool.
template <class T>
using batch = typename detail::batch_of<T>::type;

/// How many elements of T a register computes at once.
template <class T>
inline constexpr index_t width = detail::batch_of<T>::width;

/// The registers of this instruction set: how large a tile of a matrix product may be.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int register_count = 32;
#else
inline constexpr int register_count = 16;
#endif

// ---- whole registers

XNN_CPU_INLINE batch<float> load(const float* p) { return batch<float>::load_unaligned(p); }
XNN_CPU_INLINE batch<double> load(const double* p) { return batch<double>::load_unaligned(p); }
XNN_CPU_INLINE void store(float* p, batch<float> v) { v.store_unaligned(p); }
XNN_CPU_INLINE void store(double* p, batch<double> v) { v.store_unaligned(p); }

// ---- the first n elements of a register, 0 <= n <= width; a partial load fills up with zeros and reads no further

namespace detail {
template <class T>
XNN_CPU_INLINE batch<T> load_some(const T* p, index_t n) {
    alignas(64) T buffer[width<T>] = {};
    std::memcpy(buffer, p, static_cast<std::size_t>(n) * sizeof(T));
    return batch<T>::load_aligned(buffer);
}
template <class T>
XNN_CPU_INLINE void store_some(T* p, batch<T> v, index_t n) {
    alignas(64) T buffer[width<T>];
    v.store_aligned(buffer);
    std::memcpy(p, buffer, static_cast<std::size_t>(n) * sizeof(T));
}
}  // namespace detail

#if defined(__AVX512F__)
XNN_CPU_INLINE __mmask16 mask16(index_t n) { return static_cast<__mmask16>((1U << n) - 1U); }
XNN_CPU_INLINE __mmask8 mask8(index_t n) { return static_cast<__mmask8>((1U << n) - 1U); }
XNN_CPU_INLINE batch<float> load(const float* p, index_t n) { return _mm512_maskz_loadu_ps(mask16(n), p); }
XNN_CPU_INLINE batch<double> load(const double* p, index_t n) { return _mm512_maskz_loadu_pd(mask8(n), p); }
XNN_CPU_INLINE void store(float* p, batch<float> v, index_t n) { _mm512_mask_storeu_ps(p, mask16(n), v); }
XNN_CPU_INLINE void store(double* p, batch<double> v, index_t n) { _mm512_mask_storeu_pd(p, mask8(n), v); }
#else
XNN_CPU_INLINE batch<float> load(const float* p, index_t n) { return detail::load_some(p, n); }
XNN_CPU_INLINE batch<double> load(const double* p, index_t n) { return detail::load_some(p, n); }
XNN_CPU_INLINE void store(float* p, batch<float> v, index_t n) { detail::store_some(p, v, n); }
XNN_CPU_INLINE void store(double* p, batch<double> v, index_t n) { detail::store_some(p, v, n); }
#endif

// ---- a prepared mask: the first n elements, 1 <= n <= width, for loops that use the same n again and again

#if defined(__AVX512F__)
template <class T>
struct FirstLanes {
    XNN_CPU_INLINE explicit FirstLanes(index_t n) : bits(static_cast<decltype(bits)>((1U << n) - 1U)) {}
    std::conditional_t<width<T> == 16, __mmask16, __mmask8> bits;
};
XNN_CPU_INLINE batch<float> load(const float* p, FirstLanes<float> m) { return _mm512_maskz_loadu_ps(m.bits, p); }
XNN_CPU_INLINE batch<double> load(const double* p, FirstLanes<double> m) { return _mm512_maskz_loadu_pd(m.bits, p); }
XNN_CPU_INLINE void store(float* p, batch<float> v, FirstLanes<float> m) { _mm512_mask_storeu_ps(p, m.bits, v); }
XNN_CPU_INLINE void store(double* p, batch<double> v, FirstLanes<double> m) { _mm512_mask_storeu_pd(p, m.bits, v); }
#elif defined(__AVX__)
namespace detail {
alignas(32) inline constexpr std::int32_t lane_switches[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
}  // namespace detail
template <class T>
struct FirstLanes {
    XNN_CPU_INLINE explicit FirstLanes(index_t n) {
        const std::int32_t* from = detail::lane_switches + 8 - n * static_cast<index_t>(sizeof(T) / sizeof(float));
        std::memcpy(&bits, from, sizeof bits);
    }
    __m256i bits;
};
XNN_CPU_INLINE batch<float> load(const float* p, FirstLanes<float> m) { return _mm256_maskload_ps(p, m.bits); }
XNN_CPU_INLINE batch<double> load(const double* p, FirstLanes<double> m) { return _mm256_maskload_pd(p, m.bits); }
XNN_CPU_INLINE void store(float* p, batch<float> v, FirstLanes<float> m) { _mm256_maskstore_ps(p, m.bits, v); }
XNN_CPU_INLINE void store(double* p, batch<double> v, FirstLanes<double> m) { _mm256_maskstore_pd(p, m.bits, v); }
#else
template <class T>
struct FirstLanes {
    XNN_CPU_INLINE explicit FirstLanes(index_t n) : count(n) {}
    index_t count;
};
template <std::floating_point T>
XNN_CPU_INLINE batch<T> load(const T* p, FirstLanes<T> m) { return detail::load_some(p, m.count); }
template <std::floating_point T>
XNN_CPU_INLINE void store(T* p, batch<T> v, FirstLanes<T> m) { detail::store_some(p, v, m.count); }
#endif

/// A load with FirstLanes costs hardly more than a whole one.
#if defined(__AVX512F__)
inline constexpr bool masked_loads_are_cheap = true;
#elif defined(__AVX__)
inline constexpr bool masked_loads_are_cheap = true;
#else
inline constexpr bool masked_loads_are_cheap = false;
#endif

// ---- 16-bit types: converted to float on the way in, rounded on the way out

template <ReducedFloat T>
XNN_CPU_INLINE batch<float> load(const T* p, index_t n = width<float>) {
    alignas(64) float buffer[width<float>] = {};
    for (index_t i = 0; i < n; ++i) buffer[i] = static_cast<float>(p[i]);
    return batch<float>::load_aligned(buffer);
}
template <ReducedFloat T>
XNN_CPU_INLINE void store(T* p, batch<float> v, index_t n = width<float>) {
    alignas(64) float buffer[width<float>];
    v.store_aligned(buffer);
    for (index_t i = 0; i < n; ++i) p[i] = T(buffer[i]);
}

// ---- arithmetic that versions of xsimd disagree on, for registers and for single numbers

template <class T>
XNN_CPU_INLINE T fma(T a, T b, T c) {
    if constexpr (std::is_floating_point_v<T>)
        return std::fma(a, b, c);
    else
        return a * b + c;
}
#if defined(__AVX512F__)
XNN_CPU_INLINE batch<float> fma(batch<float> a, batch<float> b, batch<float> c) { return _mm512_fmadd_ps(a, b, c); }
XNN_CPU_INLINE batch<double> fma(batch<double> a, batch<double> b, batch<double> c) { return _mm512_fmadd_pd(a, b, c); }
#else
XNN_CPU_INLINE batch<float> fma(batch<float> a, batch<float> b, batch<float> c) { return xsimd::fma(a, b, c); }
XNN_CPU_INLINE batch<double> fma(batch<double> a, batch<double> b, batch<double> c) { return xsimd::fma(a, b, c); }
#endif

/// fma rounds once: the processor has an instruction for it.
#if defined(__AVX512F__) || defined(__FMA__) || defined(__aarch64__)
inline constexpr bool fma_rounds_once = true;
#else
inline constexpr bool fma_rounds_once = false;
#endif

/// The larger of v and `lowest`, a number; NaN where v is NaN: the maximum instructions return their second operand then.
template <class T>
XNN_CPU_INLINE xsimd::batch<T> max_or_nan(xsimd::batch<T> lowest, xsimd::batch<T> v) { return xsimd::max(lowest, v); }
#if defined(__AVX512F__)
// GCC 12 warns of the unmasked intrinsics; with a constant full mask they are the same instructions.
XNN_CPU_INLINE batch<float> max_or_nan(batch<float> lowest, batch<float> v) { return _mm512_maskz_max_ps(0xffff, lowest, v); }
XNN_CPU_INLINE batch<double> max_or_nan(batch<double> lowest, batch<double> v) { return _mm512_maskz_max_pd(0xff, lowest, v); }
#endif

/// The smaller of v and `highest`, a number; NaN where v is NaN.
template <class T>
XNN_CPU_INLINE xsimd::batch<T> min_or_nan(xsimd::batch<T> highest, xsimd::batch<T> v) { return xsimd::min(highest, v); }
#if defined(__AVX512F__)
XNN_CPU_INLINE batch<float> min_or_nan(batch<float> highest, batch<float> v) { return _mm512_maskz_min_ps(0xffff, highest, v); }
XNN_CPU_INLINE batch<double> min_or_nan(batch<double> highest, batch<double> v) { return _mm512_maskz_min_pd(0xff, highest, v); }
#endif

/// The larger of v and 0, NaN where v is NaN.
template <class T>
XNN_CPU_INLINE xsimd::batch<T> relu(xsimd::batch<T> v) { return max_or_nan(xsimd::batch<T>(T(0)), v); }

#if defined(__AVX512F__)
/// Which element of a register stands where each of width / N elements, from the part-th so many on, is repeated N times.
template <class T, index_t N>
inline constexpr auto repeated_lanes = [] {
    std::array<std::array<xsimd::as_integer_t<T>, static_cast<std::size_t>(width<T>)>, static_cast<std::size_t>(N)> result{};
    for (std::size_t i = 0; i < static_cast<std::size_t>(N * width<T>); ++i)
        result[i / result[0].size()][i % result[0].size()] = static_cast<xsimd::as_integer_t<T>>(i / static_cast<std::size_t>(N));
    return result;
}();
inline constexpr bool repeats_are_cheap = true;
/// Each of width / N elements N times: the first so many for part 0, then the next ones.
template <index_t N>
XNN_CPU_INLINE batch<float> repeat(batch<float> v, index_t part) {
    return _mm512_maskz_permutexvar_ps(mask16(16), _mm512_loadu_si512(&repeated_lanes<float, N>[static_cast<std::size_t>(part)]), v);
}
template <index_t N>
XNN_CPU_INLINE batch<double> repeat(batch<double> v, index_t part) {
    return _mm512_maskz_permutexvar_pd(mask8(8), _mm512_loadu_si512(&repeated_lanes<double, N>[static_cast<std::size_t>(part)]), v);
}
/// The sums of the elements whose distance is a multiple of N, in the first N.
template <index_t N>
XNN_CPU_INLINE batch<float> fold_to(batch<float> v) {
    __m512 sum = v;
    if constexpr (N <= 8) sum = sum + __builtin_shufflevector(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    if constexpr (N <= 4) sum = sum + __builtin_shufflevector(sum, sum, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
    if constexpr (N <= 2) sum = sum + __builtin_shufflevector(sum, sum, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
    if constexpr (N <= 1) sum = sum + __builtin_shufflevector(sum, sum, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0);
    return sum;
}
template <index_t N>
XNN_CPU_INLINE batch<double> fold_to(batch<double> v) {
    __m512d sum = v;
    if constexpr (N <= 4) sum = sum + __builtin_shufflevector(sum, sum, 4, 5, 6, 7, 0, 1, 2, 3);
    if constexpr (N <= 2) sum = sum + __builtin_shufflevector(sum, sum, 2, 3, 0, 1, 2, 3, 0, 1);
    if constexpr (N <= 1) sum = sum + __builtin_shufflevector(sum, sum, 1, 0, 1, 0, 1, 0, 1, 0);
    return sum;
}
#else
inline constexpr bool repeats_are_cheap = false;
template <index_t N, class V>
V repeat(V v, index_t part);  // named, and not called
template <index_t N, class V>
V fold_to(V v);
#endif

namespace detail {
struct Plus {
    template <class T>
    XNN_CPU_INLINE T operator()(T a, T b) const { return a + b; }
};
struct Larger {
    template <class T>
    XNN_CPU_INLINE T operator()(T a, T b) const { return a > b ? a : b; }
    template <class T, class A>
    XNN_CPU_INLINE xsimd::batch<T, A> operator()(xsimd::batch<T, A> a, xsimd::batch<T, A> b) const { return xsimd::max(a, b); }
};
struct Smaller {
    template <class T>
    XNN_CPU_INLINE T operator()(T a, T b) const { return a < b ? a : b; }
    template <class T, class A>
    XNN_CPU_INLINE xsimd::batch<T, A> operator()(xsimd::batch<T, A> a, xsimd::batch<T, A> b) const { return xsimd::min(a, b); }
};

// Halves, then quarters: one order for every instruction set of the same width. (GCC 12's own _mm512_reduce_* warn.)
template <class V, class F>
XNN_CPU_INLINE typename V::value_type fold(V v, F f) {
    alignas(64) typename V::value_type lanes[V::size];
    v.store_aligned(lanes);
    XNN_UNROLL for (std::size_t half = V::size / 2; half > 0; half /= 2)
        XNN_UNROLL for (std::size_t i = 0; i < half; ++i) lanes[i] = f(lanes[i], lanes[i + half]);
    return lanes[0];
}
#if defined(__AVX512F__)
// Element i of each quarter: the sum of the elements of rows[i] in that quarter. (Full masks, for GCC 12 warns of the
// intrinsics without.)
XNN_CPU_INLINE __m512 sums_in_quarters(const batch<float>* rows) {
    const auto add_pairs = [](__m512 a, __m512 b) XNN_INLINE_LAMBDA {
        return _mm512_add_ps(_mm512_maskz_unpacklo_ps(0xffff, a, b), _mm512_maskz_unpackhi_ps(0xffff, a, b));
    };
    const __m512d ab = _mm512_castps_pd(add_pairs(rows[0], rows[1])), cd = _mm512_castps_pd(add_pairs(rows[2], rows[3]));
    return _mm512_add_ps(_mm512_castpd_ps(_mm512_maskz_unpacklo_pd(0xff, ab, cd)),
                         _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(0xff, ab, cd)));
}
XNN_CPU_INLINE __m512d sums_in_quarters(const batch<double>* rows) {
    return _mm512_add_pd(_mm512_maskz_unpacklo_pd(0xff, rows[0], rows[1]), _mm512_maskz_unpackhi_pd(0xff, rows[0], rows[1]));
}
// Quarter i: the sum of the quarters of the i-th argument.
XNN_CPU_INLINE __m512 join_quarters(__m512 a, __m512 b, __m512 c, __m512 d) {
    const auto add_pairs = [](__m512 x, __m512 y) XNN_INLINE_LAMBDA {
        return _mm512_add_ps(_mm512_maskz_shuffle_f32x4(0xffff, x, y, 0x88), _mm512_maskz_shuffle_f32x4(0xffff, x, y, 0xdd));
    };
    return add_pairs(add_pairs(a, b), add_pairs(c, d));
}
XNN_CPU_INLINE __m512d join_quarters(__m512d a, __m512d b, __m512d c, __m512d d) {
    const auto add_pairs = [](__m512d x, __m512d y) XNN_INLINE_LAMBDA {
        return _mm512_add_pd(_mm512_maskz_shuffle_f64x2(0xff, x, y, 0x88), _mm512_maskz_shuffle_f64x2(0xff, x, y, 0xdd));
    };
    return add_pairs(add_pairs(a, b), add_pairs(c, d));
}
#endif
#if defined(__AVX__)
template <class F>
XNN_CPU_INLINE float fold_register(__m256 v, F f) {
    using Half = xsimd::batch<float, xsimd::sse2>;
    return fold(f(Half(_mm256_castps256_ps128(v)), Half(_mm256_extractf128_ps(v, 1))), f);
}
template <class F>
XNN_CPU_INLINE double fold_register(__m256d v, F f) {
    using Half = xsimd::batch<double, xsimd::sse2>;
    return fold(f(Half(_mm256_castpd256_pd128(v)), Half(_mm256_extractf128_pd(v, 1))), f);
}
#endif
#if defined(__AVX512F__)
// (Shuffles of the language, for GCC 12 warns of the intrinsics that split a register.)
template <class F>
XNN_CPU_INLINE float fold_register(__m512 v, F f) {
    using Half = xsimd::batch<float, xsimd::avx>;
    const __m256 low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    return fold_register(f(Half(low), Half(high)), f);
}
template <class F>
XNN_CPU_INLINE double fold_register(__m512d v, F f) {
    using Half = xsimd::batch<double, xsimd::avx>;
    const __m256d low = __builtin_shufflevector(v, v, 0, 1, 2, 3), high = __builtin_shufflevector(v, v, 4, 5, 6, 7);
    return fold_register(f(Half(low), Half(high)), f);
}
#endif
template <class T, class F>
XNN_CPU_INLINE T fold_all(xsimd::batch<T> v, F f) {
#if defined(__AVX__)
    return fold_register(v, f);
#else
    return fold(v, f);
#endif
}
}  // namespace detail

/// The sum of a register's elements.
template <class T>
XNN_CPU_INLINE T reduce_add(xsimd::batch<T> v) { return detail::fold_all(v, detail::Plus{}); }

/// The sums of the elements of each of `width` registers, in a register: cheaper than one after the other.
template <class T>
XNN_CPU_INLINE xsimd::batch<T> reduce_each(const xsimd::batch<T> (&rows)[width<T>]) {
#if defined(__AVX512F__)
    return detail::join_quarters(detail::sums_in_quarters(rows), detail::sums_in_quarters(rows + width<T> / 4),
                                 detail::sums_in_quarters(rows + width<T> / 2), detail::sums_in_quarters(rows + 3 * (width<T> / 4)));
#else
    return xsimd::haddp(rows);
#endif
}
#if defined(__AVX512F__)
/// The same of four registers; the other elements are 0.
XNN_CPU_INLINE batch<float> reduce_each(const batch<float> (&rows)[4]) {
    const __m512 zero = batch<float>(0.0F);
    return detail::join_quarters(detail::sums_in_quarters(rows), zero, zero, zero);
}
#endif

/// The largest of a register's elements.
template <class T>
XNN_CPU_INLINE T reduce_max(xsimd::batch<T> v) { return detail::fold_all(v, detail::Larger{}); }
/// The smallest of a register's elements.
template <class T>
XNN_CPU_INLINE T reduce_min(xsimd::batch<T> v) { return detail::fold_all(v, detail::Smaller{}); }

/// a where the mask holds, b elsewhere.
template <class T>
XNN_CPU_INLINE xsimd::batch<T> select(xsimd::batch_bool<T> mask, xsimd::batch<T> a, xsimd::batch<T> b) {
    return xsimd::select(mask, a, b);
}
template <class T>
XNN_CPU_INLINE T select(bool mask, T a, T b) { return mask ? a : b; }

/// A mask from bytes of bool.
template <class T>
XNN_CPU_INLINE xsimd::batch_bool<T> load_mask(const bool* p, index_t n = static_cast<index_t>(xsimd::batch<T>::size)) {
    alignas(64) T lanes[xsimd::batch<T>::size] = {};
    for (index_t i = 0; i < n; ++i) lanes[i] = static_cast<T>(p[i]);
    return xsimd::batch<T>::load_aligned(lanes) != xsimd::batch<T>(T(0));
}
/// The first n elements of a mask, as bytes of bool.
template <class T>
XNN_CPU_INLINE void store_mask(bool* p, xsimd::batch_bool<T> mask, index_t n = static_cast<index_t>(xsimd::batch<T>::size)) {
    alignas(64) T lanes[xsimd::batch<T>::size];
    xsimd::select(mask, xsimd::batch<T>(T(1)), xsimd::batch<T>(T(0))).store_aligned(lanes);
    for (index_t i = 0; i < n; ++i) p[i] = lanes[i] != T(0);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::simd
