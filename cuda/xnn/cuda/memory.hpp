// The memory of a GPU: taken and given back in the order of the stream, from the driver's pool, which keeps what was freed.
#pragma once

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

#include "xnn/core/memory.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn {

namespace cuda {

#ifdef __CUDACC__
namespace detail {

/// The pool of the current device, which gives nothing back to the driver until it is asked to.
inline cudaMemPool_t pool() {
    static thread_local cudaMemPool_t pools[64] = {};
    const int device = current_device();
    cudaMemPool_t& pool = pools[device % 64];
    if (!pool) {
        require(cudaDeviceGetDefaultMemPool(&pool, device), "cudaDeviceGetDefaultMemPool");
        std::uint64_t everything = ~std::uint64_t{0};
        require(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &everything), "cudaMemPoolSetAttribute");
    }
    return pool;
}
inline std::uint64_t pool_attribute(cudaMemPoolAttr attribute) {
    std::uint64_t value = 0;
    require(cudaMemPoolGetAttribute(pool(), attribute, &value), "cudaMemPoolGetAttribute");
    return value;
}

}  // namespace detail

/// Bytes that tensors and workspaces hold on the current device.
inline std::size_t memory_allocated() { return detail::pool_attribute(cudaMemPoolAttrUsedMemCurrent); }
/// The most that it was since the last reset_peak_memory_stats().
inline std::size_t max_memory_allocated() { return detail::pool_attribute(cudaMemPoolAttrUsedMemHigh); }
/// Bytes that the pool holds, used or not.
inline std::size_t memory_reserved() { return detail::pool_attribute(cudaMemPoolAttrReservedMemCurrent); }
inline void reset_peak_memory_stats() {
    std::uint64_t zero = 0;
    require(cudaMemPoolSetAttribute(detail::pool(), cudaMemPoolAttrUsedMemHigh, &zero), "reset_peak_memory_stats");
}
/// Gives back to the driver what nothing uses.
inline void empty_cache() {
    synchronize();
    require(cudaMemPoolTrimTo(detail::pool(), 0), "empty_cache");
}
#endif

namespace detail {

template <Device D>
void* allocate(D, std::size_t bytes) {
    if constexpr (std::is_same_v<D, CudaHost>) {
        return ::operator new(bytes, std::align_val_t{alignment});
    } else {
        void* p = nullptr;
#if defined(__CUDACC__) && defined(XNN_CUDA_MEMORY_ON_HOST)
        require(cudaMallocHost(&p, bytes), "allocation");
#elif defined(__CUDACC__)
        require_no_recording("allocates memory (a new tensor: make it before, and assign to it)");
        pool();
        if (const cudaError_t status = cudaMallocAsync(&p, bytes, current_stream()); status != cudaSuccess) {
            cudaGetLastError();
            throw Error("cuda: expected " + std::to_string(bytes) + " bytes of memory on the device, got: " + cudaGetErrorString(status));
        }
#else
        require_compiler<D>();
#endif
        return p;
    }
}

template <Device D>
void release(D, void* p) {
    if constexpr (std::is_same_v<D, CudaHost>) {
        ::operator delete(p, std::align_val_t{alignment});
    } else {
        // At the end of the program the runtime may be gone, and the memory with it.
#if defined(__CUDACC__) && defined(XNN_CUDA_MEMORY_ON_HOST)
        if (cudaStreamSynchronize(current_stream()) == cudaSuccess) cudaFreeHost(p);
#elif defined(__CUDACC__)
        if (cudaFreeAsync(p, xnn::cuda::detail::stream_slot()) != cudaSuccess) cudaGetLastError();
#endif
    }
}

}  // namespace detail
}  // namespace cuda

namespace kernels {

#ifdef __CUDACC__
inline void set_bytes(Cuda, void* p, int value, std::size_t bytes) {
    if (bytes > 0) cuda::require(cudaMemsetAsync(p, value, bytes, cuda::current_stream()), "set_bytes");
}
namespace memory_detail {
inline void copy_bytes(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (kind == cudaMemcpyDeviceToHost) cuda::detail::require_no_recording("waits for a number (item(), a copy to the host)");
    if (kind == cudaMemcpyHostToDevice) cuda::detail::require_no_recording("copies from the host");
    if (bytes > 0) cuda::require(cudaMemcpyAsync(to, from, bytes, kind, cuda::current_stream()), "copy");
    if (kind == cudaMemcpyDeviceToHost) cuda::synchronize();
}
}  // namespace memory_detail
inline void copy_bytes(Cuda, void* to, Cuda, const void* from, std::size_t bytes) { memory_detail::copy_bytes(to, from, bytes, cudaMemcpyDeviceToDevice); }
inline void copy_bytes(Cuda, void* to, Cpu, const void* from, std::size_t bytes) {
    memory_detail::copy_bytes(to, from, bytes, cudaMemcpyHostToDevice);
    // Memory of the host that is not pinned has been read when the call returns.
}
inline void copy_bytes(Cpu, void* to, Cuda, const void* from, std::size_t bytes) {
#ifdef XNN_CUDA_MEMORY_ON_HOST
    cuda::synchronize();  // between two places of the host, no copy waits for a stream
    std::memcpy(to, from, bytes);
#else
    memory_detail::copy_bytes(to, from, bytes, cudaMemcpyDeviceToHost);
#endif
}
#endif

inline void set_bytes(CudaHost, void* p, int value, std::size_t bytes) { set_bytes(Cpu{}, p, value, bytes); }
template <class To, class From>
    requires((std::is_same_v<To, CudaHost> && !std::is_same_v<From, Cuda>) || (std::is_same_v<From, CudaHost> && std::is_same_v<To, Cpu>))
void copy_bytes(To, void* to, From, const void* from, std::size_t bytes) {
    copy_bytes(Cpu{}, to, Cpu{}, from, bytes);
}

}  // namespace kernels

namespace detail {

template <class D>
    requires is_cuda<D>
class Buffer<D> {
public:
    Buffer() = default;
    explicit Buffer(std::size_t bytes) : block_(new Block{1, bytes, nullptr}) {
        try {
            block_->data = static_cast<std::byte*>(cuda::detail::allocate(D{}, bytes > 0 ? bytes : 1));
        } catch (...) {
            delete block_;
            throw;
        }
    }
    Buffer(const Buffer& other) : block_(other.block_) {
        if (block_) ++block_->references;
    }
    Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    Buffer& operator=(Buffer other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~Buffer() {
        if (block_ && --block_->references == 0) {
            cuda::detail::release(D{}, block_->data);
            delete block_;
        }
    }

    std::byte* data() const { return block_ ? block_->data : nullptr; }
    std::size_t size() const { return block_ ? block_->bytes : 0; }

    /// At least so many bytes, what they held being lost where they had to grow.
    void reserve(std::size_t bytes) {
        if (bytes <= size()) return;
        *this = Buffer();  // before the new memory is taken, not after
        *this = Buffer(aligned_size(bytes));
    }

private:
    struct Block {  // on the host: the device's memory is out of its reach
        std::atomic<std::ptrdiff_t> references;
        std::size_t bytes;
        std::byte* data;
    };
    Block* block_ = nullptr;
};

}  // namespace detail
}  // namespace xnn
