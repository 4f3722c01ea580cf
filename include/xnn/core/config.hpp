// Names that every other file builds on: the index type and the few attributes that compilers spell differently.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

/// Marks a function of the host that must vanish into its caller: what works on SIMD registers.
#if defined(__GNUC__)
#define XNN_CPU_INLINE [[gnu::always_inline]] inline
#else
#define XNN_CPU_INLINE inline
#endif

/// The same for functions of host and device: the body of a loop over elements.
#if defined(__CUDACC__)
#define XNN_INLINE __host__ __device__ __forceinline__
#else
#define XNN_INLINE XNN_CPU_INLINE
#endif

/// The same, and its opposite, for a lambda: stands between its parameters and its body.
#if defined(__GNUC__)
#define XNN_INLINE_LAMBDA __attribute__((always_inline))
#define XNN_NOINLINE_LAMBDA __attribute__((noinline))
#else
#define XNN_INLINE_LAMBDA
#define XNN_NOINLINE_LAMBDA
#endif

/// Unrolls the loop that follows completely; its trip count must be a small constant.
#if defined(__CUDACC__)
#define XNN_UNROLL _Pragma("unroll")
#elif defined(__clang__)
#define XNN_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define XNN_UNROLL _Pragma("GCC unroll 64")
#else
#define XNN_UNROLL
#endif

/// Hides from the compiler how an integer or a pointer came about, so that it stays in a register of its own.
#if defined(__GNUC__)
#define XNN_OPAQUE(value) __asm__("" : "+r"(value))
#else
#define XNN_OPAQUE(value) static_cast<void>(0)
#endif

/// Asks for the cache line of an address, which need not be one that may be read.
#if defined(__GNUC__)
#define XNN_PREFETCH(address) __builtin_prefetch(address)
#else
#define XNN_PREFETCH(address) static_cast<void>(address)
#endif

/// A member that takes no room where its type is empty. Not with nvcc, whose device compiler fails over some of such layouts.
#ifdef __CUDACC__
#define XNN_NO_UNIQUE_ADDRESS
#else
#define XNN_NO_UNIQUE_ADDRESS [[no_unique_address]]
#endif

namespace xnn {

/// Signed, as in std::mdspan and xtensor strides: extents, offsets and counts of elements.
using index_t = std::ptrdiff_t;

#ifdef __CUDACC__
/// std::array for functions of host and device, which std::array's are not.
template <class T, std::size_t N>
struct FixedArray {
    using value_type = T;
    T elements[N == 0 ? 1 : N];

    static constexpr std::size_t size() { return N; }
    static constexpr bool empty() { return N == 0; }
    XNN_INLINE constexpr T& operator[](std::size_t i) { return elements[i]; }
    XNN_INLINE constexpr const T& operator[](std::size_t i) const { return elements[i]; }
    XNN_INLINE constexpr T* data() { return elements; }
    XNN_INLINE constexpr const T* data() const { return elements; }
    XNN_INLINE constexpr T* begin() { return elements; }
    XNN_INLINE constexpr const T* begin() const { return elements; }
    XNN_INLINE constexpr T* end() { return elements + N; }
    XNN_INLINE constexpr const T* end() const { return elements + N; }
    XNN_INLINE constexpr T& back() { return elements[N - 1]; }
    XNN_INLINE constexpr const T& back() const { return elements[N - 1]; }
    XNN_INLINE constexpr T& front() { return elements[0]; }
    XNN_INLINE constexpr const T& front() const { return elements[0]; }
    XNN_INLINE constexpr void fill(const T& value) {
        for (std::size_t i = 0; i < N; ++i) elements[i] = value;
    }
    friend constexpr bool operator==(const FixedArray&, const FixedArray&) = default;
    template <std::size_t I>
    friend constexpr const T& get(const FixedArray& array) {
        return array.elements[I];
    }
};
#else
template <class T, std::size_t N>
using FixedArray = std::array<T, N>;
#endif

/// Extents or positions, one for each dimension.
template <std::size_t Rank>
using Dims = FixedArray<index_t, Rank>;

/// The same bits as a value of another type.
template <class To, class From>
XNN_INLINE constexpr To bits_as(const From& from) { return __builtin_bit_cast(To, from); }

/// The product of all extents; 1 for a scalar.
template <std::size_t Rank>
XNN_INLINE constexpr index_t product(const Dims<Rank>& dims) {
    index_t result = 1;
    for (index_t d : dims) result *= d;
    return result;
}

/// The smallest number of parts of `size` that cover `total`.
XNN_INLINE constexpr index_t divide_up(index_t total, index_t size) { return (total + size - 1) / size; }

/// The smallest multiple of `size` that is at least `total`.
XNN_INLINE constexpr index_t round_up(index_t total, index_t size) { return divide_up(total, size) * size; }

}  // namespace xnn

#ifdef __CUDACC__
template <class T, std::size_t N>
struct std::tuple_size<xnn::FixedArray<T, N>> : std::integral_constant<std::size_t, N> {};
template <std::size_t I, class T, std::size_t N>
struct std::tuple_element<I, xnn::FixedArray<T, N>> {
    using type = T;
};
#endif
