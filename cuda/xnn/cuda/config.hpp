// What the files of the Cuda device build on: its devices, and Thrust with its systems named explicitly.
#pragma once

// Thrust takes CUDA for its device system unless it is told otherwise, and does not compile with a plain C++ compiler then.
#if !defined(__CUDACC__) && !defined(THRUST_DEVICE_SYSTEM)
#ifdef _OPENMP
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_OMP
#else
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP
#endif
#endif

#include <cstdint>

#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#ifdef _OPENMP
#include <thrust/system/omp/execution_policy.h>
#else
#include <thrust/system/cpp/execution_policy.h>
#endif
#ifdef __CUDACC__
#include <thrust/system/cuda/execution_policy.h>
#endif

#include "xnn/core/config.hpp"
#include "xnn/core/device.hpp"
#include "xnn/core/error.hpp"

/// Unrolls the loop that follows in device code; g++ warns of such a wish where it finds no loop left.
#ifdef __CUDACC__
#define XNN_DEVICE_UNROLL _Pragma("unroll")
#else
#define XNN_DEVICE_UNROLL
#endif

namespace xnn::cuda {

/// A device that the kernels of this folder compute for: Cuda, or CudaHost.
template <class D>
concept Device = detail::is_cuda<D>;

/// Whether this translation unit is compiled for a GPU.
#ifdef __CUDACC__
inline constexpr bool has_compiler = true;
#else
inline constexpr bool has_compiler = false;
#endif

/// Refuses to compile what a GPU is to compute by a compiler that cannot.
template <Device D>
constexpr void require_compiler() {
    static_assert(has_compiler || std::is_same_v<D, CudaHost>,
                  "Cuda computes with a CUDA compiler only: compile this file with nvcc (name it .cu), or use CudaHost, the same kernels on the host");
}

/// a / b and a % b, in 32 bits where they fit: a GPU takes many times as long for 64.
XNN_INLINE index_t quotient(index_t a, index_t b) {
#ifdef __CUDA_ARCH__
    if (((a | b) >> 32) == 0) return static_cast<index_t>(static_cast<unsigned>(a) / static_cast<unsigned>(b));
#endif
    return a / b;
}

/// Divides by a number that is known before a kernel starts: a product instead of a quotient, as long as 31 bits hold what is
/// divided (Granlund and Montgomery, 1994).
class Divider {
public:
    /// For dividends up to this one.
    Divider(index_t divisor, index_t largest) : divisor_(divisor) {
        if (divisor < 1 || divisor > 0x7fffffff || largest > 0x7fffffff) return;
        while ((index_t{1} << shift_) < divisor) ++shift_;
        factor_ = static_cast<unsigned>(((std::uint64_t{1} << 32) * ((std::uint64_t{1} << shift_) - static_cast<std::uint64_t>(divisor))) /
                                            static_cast<std::uint64_t>(divisor) +
                                        1);
    }
    XNN_INLINE index_t divisor() const { return divisor_; }
    XNN_INLINE index_t operator()(index_t dividend) const {
        if (factor_ == 0) return dividend / divisor_;
        const auto n = static_cast<unsigned>(dividend);
        return static_cast<index_t>((((std::uint64_t{n} * factor_) >> 32) + n) >> shift_);
    }

private:
    index_t divisor_;
    unsigned factor_ = 0;  // 0: by division
    int shift_ = 0;
};

}  // namespace xnn::cuda
