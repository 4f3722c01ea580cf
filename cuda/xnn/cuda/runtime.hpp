// The CUDA runtime as this library uses it: devices, one stream to compute in, and errors as exceptions.
// https://pytorch.org/docs/stable/cuda.html
#pragma once

#include <string>

#include "xnn/cuda/config.hpp"

#ifdef __CUDACC__
#include <cuda_runtime.h>
#endif

namespace xnn::cuda {

#ifdef __CUDACC__

/// Throws Error where a call of the runtime failed.
inline void require(cudaError_t status, const char* operation) {
    if (status == cudaSuccess) return;
    cudaGetLastError();  // forgotten: the next call must not report it again
    if (status == cudaErrorMemoryAllocation) throw Error(std::string("cuda: out of memory in ") + operation);
    if (status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver)
        throw Error(std::string("cuda: expected an NVIDIA GPU and its driver, got none (") + cudaGetErrorString(status) + ")");
    throw Error(std::string("cuda: ") + operation + " failed: " + cudaGetErrorString(status));
}

/// How many GPUs there are; 0 without a driver.
inline int device_count() {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
    cudaGetLastError();
    return 0;
}

/// The GPU that this thread computes on.
inline int current_device() {
    int device = 0;
    require(cudaGetDevice(&device), "current_device");
    return device;
}

/// Makes this thread compute on another GPU. Throws Error where there is none of this number.
inline void set_device(int device) {
    const int count = device_count();
    if (device < 0 || device >= count)
        fail("cuda::set_device", "a device in [0, " + std::to_string(count) + ")", std::to_string(device));
    require(cudaSetDevice(device), "set_device");
}

/// What the driver calls a GPU.
inline std::string get_device_name(int device = current_device()) {
    cudaDeviceProp properties;
    require(cudaGetDeviceProperties(&properties, device), "get_device_name");
    return properties.name;
}

namespace detail {
inline cudaStream_t& stream_slot() {
    static thread_local cudaStream_t stream = nullptr;
    return stream;
}
/// Whether this thread's work is being recorded, not done.
inline bool& is_recording() {
    static thread_local bool recording = false;
    return recording;
}
/// Refuses what the host would have to do in every run of a recorded step.
inline void require_no_recording(const char* refused) {
    if (is_recording()) throw Error(std::string("cuda::Graph: expected a step that runs without the host, got one that ") + refused);
}
/// Set by kernels that met an index outside of its table: in memory that the host and the device both reach.
inline int* bad_index() {
    static int* const flag = [] {
        void* p = nullptr;
        require(cudaMallocHost(&p, sizeof(int)), "cudaMallocHost");
        return new (p) int(0);
    }();
    return flag;
}
}  // namespace detail

/// The stream that this thread's work is ordered in. It is made with the first work, and is not the default stream, so that a
/// step can be captured.
inline cudaStream_t current_stream() {
    cudaStream_t& stream = detail::stream_slot();
    if (!stream) require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
    return stream;
}

/// Orders this thread's work in a stream of the caller's from now on.
inline void set_stream(cudaStream_t stream) { detail::stream_slot() = stream; }

/// Waits until all work of this thread's stream is done. Throws Error for what failed in it, among it indices that were out of
/// range: a GPU does not wait to be asked.
inline void synchronize() {
    detail::require_no_recording("waits for the device");
    require(cudaStreamSynchronize(current_stream()), "synchronize");
    if (int& bad = *detail::bad_index(); bad != 0) {
        bad = 0;
        throw Error("cuda: expected indices within their tables and classes, got one outside of its range");
    }
}

inline bool is_available() { return device_count() > 0; }

#else

inline int device_count() { return 0; }
inline bool is_available() { return false; }

#endif

}  // namespace xnn::cuda

namespace xnn::kernels {
/// Waits for the device.
inline void await(CudaHost) {}
#ifdef __CUDACC__
inline void await(Cuda) { cuda::synchronize(); }
#endif
}  // namespace xnn::kernels
