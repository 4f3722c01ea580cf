// Registers whose elements change places: every other element of an array, and two registers alternating.
#pragma once

#include "xnn/cpu/registers.hpp"

namespace xnn::simd {
inline namespace XNN_SIMD_ARCH {

/// Two registers of alternating elements a0 b0 a1 b1 …: what comes first, and what follows.
template <class V>
struct Alternating {
    V first;
    V second;
};

// every_other(a, b): with b loaded width - 1 elements after a, the elements 0, 2, 4, … of the stretch that both cover.
#if defined(__AVX512F__)
namespace detail {
alignas(64) inline constexpr std::int32_t every_other_float[16] = {0,  2,  4,  6,  8,  10, 12, 14,
                                                                   17, 19, 21, 23, 25, 27, 29, 31};
alignas(64) inline constexpr std::int64_t every_other_double[8] = {0, 2, 4, 6, 9, 11, 13, 15};
alignas(64) inline constexpr std::int32_t alternate_float[2][16] = {
    {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23},
    {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31}};
alignas(64) inline constexpr std::int64_t alternate_double[2][8] = {{0, 8, 1, 9, 2, 10, 3, 11},
                                                                    {4, 12, 5, 13, 6, 14, 7, 15}};
}  // namespace detail
XNN_CPU_INLINE batch<float> every_other(batch<float> a, batch<float> b) {
    return _mm512_permutex2var_ps(a, _mm512_load_si512(detail::every_other_float), b);
}
XNN_CPU_INLINE batch<double> every_other(batch<double> a, batch<double> b) {
    return _mm512_permutex2var_pd(a, _mm512_load_si512(detail::every_other_double), b);
}
XNN_CPU_INLINE Alternating<batch<float>> alternate(batch<float> a, batch<float> b) {
    return {_mm512_permutex2var_ps(a, _mm512_load_si512(detail::alternate_float[0]), b),
            _mm512_permutex2var_ps(a, _mm512_load_si512(detail::alternate_float[1]), b)};
}
XNN_CPU_INLINE Alternating<batch<double>> alternate(batch<double> a, batch<double> b) {
    return {_mm512_permutex2var_pd(a, _mm512_load_si512(detail::alternate_double[0]), b),
            _mm512_permutex2var_pd(a, _mm512_load_si512(detail::alternate_double[1]), b)};
}
#elif defined(__AVX2__)
XNN_CPU_INLINE batch<float> every_other(batch<float> a, batch<float> b) {
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xd8)), 0xd8));
}
XNN_CPU_INLINE batch<double> every_other(batch<double> a, batch<double> b) {
    return _mm256_permute4x64_pd(_mm256_shuffle_pd(a, b, 0xa), 0xd8);
}
XNN_CPU_INLINE Alternating<batch<float>> alternate(batch<float> a, batch<float> b) {
    const __m256 low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b);
    return {_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)};
}
XNN_CPU_INLINE Alternating<batch<double>> alternate(batch<double> a, batch<double> b) {
    const __m256d low = _mm256_unpacklo_pd(a, b), high = _mm256_unpackhi_pd(a, b);
    return {_mm256_permute2f128_pd(low, high, 0x20), _mm256_permute2f128_pd(low, high, 0x31)};
}
#elif defined(__SSE2__) && !defined(__AVX__)
XNN_CPU_INLINE batch<float> every_other(batch<float> a, batch<float> b) { return _mm_shuffle_ps(a, b, 0xd8); }
XNN_CPU_INLINE batch<double> every_other(batch<double> a, batch<double> b) { return _mm_shuffle_pd(a, b, 2); }
XNN_CPU_INLINE Alternating<batch<float>> alternate(batch<float> a, batch<float> b) {
    return {_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b)};
}
XNN_CPU_INLINE Alternating<batch<double>> alternate(batch<double> a, batch<double> b) {
    return {_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b)};
}
#else
template <class T>
XNN_CPU_INLINE xsimd::batch<T> every_other(xsimd::batch<T> a, xsimd::batch<T> b) {
    constexpr index_t w = width<T>;
    alignas(64) T from[2 * w], to[w];
    b.store_unaligned(from + w - 1);
    a.store_unaligned(from);
    for (index_t i = 0; i < w; ++i) to[i] = from[2 * i];
    return xsimd::batch<T>::load_aligned(to);
}
template <class T>
XNN_CPU_INLINE Alternating<xsimd::batch<T>> alternate(xsimd::batch<T> a, xsimd::batch<T> b) {
    constexpr index_t w = width<T>;
    alignas(64) T from[2 * w], to[2 * w];
    a.store_aligned(from);
    b.store_aligned(from + w);
    for (index_t i = 0; i < w; ++i) {
        to[2 * i] = from[i];
        to[2 * i + 1] = from[w + i];
    }
    return {xsimd::batch<T>::load_aligned(to), xsimd::batch<T>::load_aligned(to + w)};
}
#endif

/// p[0], p[stride], p[2 stride], …; reads nothing beyond the last of them.
template <class T>
XNN_CPU_INLINE batch<T> load_strided(const T* p, index_t stride, Whole) {
    if (stride == 1) return load(p);
    if (stride == 2) return every_other(load(p), load(p + width<T> - 1));
    alignas(64) compute_t<T> buffer[width<T>];
    for (index_t i = 0; i < width<T>; ++i) buffer[i] = static_cast<compute_t<T>>(p[i * stride]);
    return batch<T>::load_aligned(buffer);
}
template <class T>
XNN_CPU_INLINE batch<T> load_strided(const T* p, index_t stride, index_t n) {
    constexpr index_t w = width<T>;
    if (stride == 1) return load(p, n);
    if (stride == 2) {
        if (2 * n <= w) return every_other(load(p, 2 * n - 1), batch<T>(0));
        return every_other(load(p), load(p + w - 1, 2 * n - w));
    }
    alignas(64) compute_t<T> buffer[w] = {};
    for (index_t i = 0; i < n; ++i) buffer[i] = static_cast<compute_t<T>>(p[i * stride]);
    return batch<T>::load_aligned(buffer);
}

/// Adds the elements of v to p[0], p[stride], p[2 stride], …; touches nothing beyond the last of them.
template <class C, class Count>
XNN_CPU_INLINE void add_strided(C* p, batch<C> v, index_t stride, Count n) {
    constexpr index_t w = width<C>;
    index_t count = w;
    if constexpr (!std::is_same_v<Count, Whole>) count = n;
    if (stride == 1) {
        put(p, v, n, true);
    } else if (stride == 2) {
        const auto spread = alternate(v, batch<C>(C(0)));
        const index_t elements = 2 * count - 1;
        if (elements < w) {
            put(p, spread.first, elements, true);
        } else {
            put(p, spread.first, Whole{}, true);
            put(p + w, spread.second, elements - w, true);
        }
    } else {
        alignas(64) C buffer[w];
        v.store_aligned(buffer);
        for (index_t i = 0; i < count; ++i) p[i * stride] += buffer[i];
    }
}

namespace detail {
template <class T>
constexpr index_t elements_of(Whole) {
    return width<T>;
}
template <class T>
constexpr index_t elements_of(index_t n) {
    return n;
}

#if defined(__AVX512BW__) && defined(__AVX512VL__)
// Bytes are common here and so are short rows: for them the way through the stack takes most of the time.
inline constexpr bool converts_bytes = true;
XNN_CPU_INLINE batch<float> load_bytes(const std::uint8_t* p, index_t n) {
    return _mm512_maskz_cvtepi32_ps(0xffff, _mm512_maskz_cvtepu8_epi32(0xffff, _mm_maskz_loadu_epi8(mask16(n), p)));
}
XNN_CPU_INLINE void store_bytes(std::uint8_t* p, batch<float> v, index_t n) {
    _mm512_mask_cvtepi32_storeu_epi8(p, mask16(n), _mm512_maskz_cvttps_epi32(0xffff, v));
}
#else
inline constexpr bool converts_bytes = false;
batch<float> load_bytes(const std::uint8_t* p, index_t n);
void store_bytes(std::uint8_t* p, batch<float> v, index_t n);
#endif
template <class T, class Integer>
inline constexpr bool through_bytes =
    converts_bytes&& std::is_same_v<compute_t<T>, float>&& std::is_same_v<Integer, std::uint8_t>;
}  // namespace detail

/// Integers as a register of T.
template <class T, class From, class Count>
XNN_CPU_INLINE batch<T> load_as(const From* p, Count n) {
    const index_t elements = detail::elements_of<T>(n);
    if constexpr (detail::through_bytes<T, From>) {
        return detail::load_bytes(p, elements);
    } else {
        alignas(64) compute_t<T> buffer[width<T>] = {};
        for (index_t i = 0; i < elements; ++i) buffer[i] = static_cast<compute_t<T>>(p[i]);
        return batch<T>::load_aligned(buffer);
    }
}
/// A register of T as integers.
template <class T, class To, class Count>
XNN_CPU_INLINE void store_as(To* p, batch<T> v, Count n) {
    const index_t elements = detail::elements_of<T>(n);
    if constexpr (detail::through_bytes<T, To>) {
        detail::store_bytes(p, v, elements);
    } else {
        alignas(64) compute_t<T> buffer[width<T>];
        v.store_aligned(buffer);
        for (index_t i = 0; i < elements; ++i) p[i] = static_cast<To>(static_cast<std::int32_t>(buffer[i]));
    }
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::simd
