// Loops over arrays in registers: whole ones, then one partial register for the rest, computed by the same
// instructions.
#pragma once

#include <array>
#include <cmath>

#include "xnn/core/parallel.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::simd {
inline namespace XNN_SIMD_ARCH {

/// Stands for a count of elements: all that a register holds.
struct Whole {};

template <class T>
XNN_CPU_INLINE batch<T> load(const T* p, Whole) {
    return load(p);
}
template <class T>
XNN_CPU_INLINE void store(T* p, batch<T> v, Whole) {
    store(p, v);
}

/// 0, 1, 2, … in the elements of a register.
template <class T>
XNN_CPU_INLINE batch<T> lanes() {
    using C = compute_t<T>;
    alignas(64) static constexpr auto values = [] {
        std::array<C, static_cast<std::size_t>(width<T>)> result{};
        for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<C>(i);
        return result;
    }();
    return batch<T>::load_aligned(values.data());
}

/// The first n elements of v, and `fill` in the others.
template <class T>
XNN_CPU_INLINE batch<T> keep(batch<T> v, Whole, compute_t<T>) {
    return v;
}
template <class T>
XNN_CPU_INLINE batch<T> keep(batch<T> v, index_t n, compute_t<T> fill) {
    return select(lanes<T>() < batch<T>(static_cast<compute_t<T>>(n)), v, batch<T>(fill));
}

/// Where v is NaN. (xsimd's v != v is false for NaN on AVX.)
template <class T>
XNN_CPU_INLINE xsimd::batch_bool<T> is_nan(xsimd::batch<T> v) {
    return !(v == v);
}

/// a > b ? a : b in each element; b where one is NaN. (Spelled so that GCC 12 does not warn of its own _mm512_max_*.)
#if defined(__AVX512F__)
XNN_CPU_INLINE batch<float> larger(batch<float> a, batch<float> b) { return _mm512_maskz_max_ps(mask16(16), a, b); }
XNN_CPU_INLINE batch<double> larger(batch<double> a, batch<double> b) { return _mm512_maskz_max_pd(mask8(8), a, b); }
XNN_CPU_INLINE batch<float> square_root(batch<float> v) { return _mm512_maskz_sqrt_ps(mask16(16), v); }
XNN_CPU_INLINE batch<double> square_root(batch<double> v) { return _mm512_maskz_sqrt_pd(mask8(8), v); }
#else
template <class T>
XNN_CPU_INLINE xsimd::batch<T> larger(xsimd::batch<T> a, xsimd::batch<T> b) {
    return xsimd::max(a, b);
}
template <class T>
XNN_CPU_INLINE xsimd::batch<T> square_root(xsimd::batch<T> v) {
    return xsimd::sqrt(v);
}
#endif

/// √v for v >= 0 with an error below 1 ulp, where the processor's own square root would hold up a division beside it.
template <class T>
XNN_CPU_INLINE xsimd::batch<T> quick_square_root(xsimd::batch<T> v) {
    return square_root(v);
}
#if defined(__AVX512F__)
XNN_CPU_INLINE batch<float> quick_square_root(batch<float> v) {
    const batch<float> half(0.5F), infinity(INFINITY);
    const __mmask16 ordinary = _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(v, infinity, _CMP_LT_OQ), v, batch<float>(0.F), _CMP_GT_OQ);
    const batch<float> reciprocal = _mm512_maskz_rsqrt14_ps(mask16(16), v), root = v * reciprocal;
    const batch<float> error = fma(-root, half * reciprocal, half);
    return _mm512_mask_mov_ps(v, ordinary, fma(root, error, root));
}
#endif

/// Writes a gradient: overwrites whatever stands there, or adds to it.
template <class T, class Count>
XNN_CPU_INLINE void put(T* p, batch<T> v, Count n, bool accumulate) {
    store(p, accumulate ? load(p, n) + v : v, n);
}
/// The same for a single number.
template <class T>
XNN_CPU_INLINE void put(T* p, compute_t<T> v, bool accumulate) {
    *p = static_cast<T>(accumulate ? static_cast<compute_t<T>>(*p) + v : v);
}

/// Calls `body(i, n)` for each register in [0, size): n is Whole, and for the last register maybe a count below the
/// width.
template <class T, class Body>
XNN_CPU_INLINE void for_registers(index_t size, Body&& body) {
    index_t i = 0;
    for (; i + width<T> <= size; i += width<T>) body(i, Whole{});
    if (i < size) body(i, size - i);
}

/// The sum of f(i, n) over the registers of [0, size); f fills up with zeros. Four chains of additions hide their
/// latency.
template <class T, class F>
XNN_CPU_INLINE batch<T> sum_registers(index_t size, F&& f) {
    constexpr index_t w = width<T>;
    batch<T> sum[4] = {batch<T>(0), batch<T>(0), batch<T>(0), batch<T>(0)};
    index_t i = 0;
    for (; i + 4 * w <= size; i += 4 * w) XNN_UNROLL for (index_t k = 0; k < 4; ++k) sum[k] += f(i + k * w, Whole{});
    for (; i + w <= size; i += w) sum[0] += f(i, Whole{});
    if (i < size) sum[1] += f(i, size - i);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::simd

namespace xnn::kernels {

/// How many items of this many elements make a task worth a thread; large enough that waking one is paid for.
constexpr index_t items_per_task(index_t elements_per_item, index_t elements_per_task = index_t{1} << 16) {
    return elements_per_item >= elements_per_task ? 1
                                                  : elements_per_task / (elements_per_item > 0 ? elements_per_item : 1);
}

}  // namespace xnn::kernels
