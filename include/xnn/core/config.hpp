// Names that every other file builds on: the index type and the few attributes that compilers spell differently.
#pragma once

#include <array>
#include <cstddef>

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

namespace xnn {

/// Signed, as in std::mdspan and xtensor strides: extents, offsets and counts of elements.
using index_t = std::ptrdiff_t;

/// Extents or positions, one for each dimension.
template <std::size_t Rank>
using Dims = std::array<index_t, Rank>;

/// The product of all extents; 1 for a scalar.
template <std::size_t Rank>
constexpr index_t product(const Dims<Rank>& dims) {
    index_t result = 1;
    for (index_t d : dims) result *= d;
    return result;
}

/// The smallest number of parts of `size` that cover `total`.
constexpr index_t divide_up(index_t total, index_t size) { return (total + size - 1) / size; }

/// The smallest multiple of `size` that is at least `total`.
constexpr index_t round_up(index_t total, index_t size) { return divide_up(total, size) * size; }

}  // namespace xnn
