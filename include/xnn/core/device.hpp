// Device tags: kernels, tensors and workspaces are chosen by overload on them.
#pragma once

#include <type_traits>

namespace xnn {

namespace kernels {
/// The base of device tags: for its sake a call `softmax_forward(device, …)` finds, by argument-dependent lookup, the kernels of
/// every device that is included, wherever their headers stand.
struct Device {};
}  // namespace kernels

/// Computes on the host, with SIMD through xsimd and threads through OpenMP where it is linked.
struct Cpu : kernels::Device {};

/// Computes on an NVIDIA GPU, in one stream. Needs `xnn/cuda.hpp` and, for what computes, a CUDA compiler.
struct Cuda : kernels::Device {};

/// The kernels of Cuda on the host, through Thrust's system for it: for tests, and for machines without a GPU.
struct CudaHost : kernels::Device {};

/// Computes nothing: carries only shapes and dtypes, as PyTorch's meta device does. Shape rules, FLOP counts and
/// summaries are models applied to expressions on this device.
struct Meta {};

namespace detail {

/// Whether the device is run by the kernels of `xnn/cuda.hpp`.
template <class D>
inline constexpr bool is_cuda = std::is_same_v<D, Cuda> || std::is_same_v<D, CudaHost>;

/// Whether the host may read and write the device's memory. In builds for tests that of a GPU is in the host's reach.
#ifdef XNN_CUDA_MEMORY_ON_HOST
template <class D>
inline constexpr bool is_host_memory = true;
#else
template <class D>
inline constexpr bool is_host_memory = !std::is_same_v<D, Cuda>;
#endif

}  // namespace detail

#ifndef XNN_DEFAULT_DEVICE
#define XNN_DEFAULT_DEVICE Cpu
#endif

/// The device of tensors and layers that name none: Cpu, unless XNN_DEFAULT_DEVICE is defined as another.
using DefaultDevice = XNN_DEFAULT_DEVICE;

}  // namespace xnn
