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

}  // namespace xnn::cuda
