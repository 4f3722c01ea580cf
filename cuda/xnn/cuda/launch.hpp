// The two ways in which work reaches the device: a thread for each number, by Thrust; and a team of threads for each number, whose
// threads may combine what they have.
#pragma once

#include <cstring>

#include "xnn/cuda/runtime.hpp"

namespace xnn::cuda {

/// Thrust's policy of a device: nothing waits for the work.
inline auto policy(CudaHost) {
#ifdef _OPENMP
    return thrust::omp::par;
#else
    return thrust::cpp::par;
#endif
}
#ifdef __CUDACC__
inline auto policy(Cuda) { return thrust::cuda::par_nosync.on(current_stream()); }
#endif

namespace detail {
/// A functor whose type has been forgotten, so that all of them share one instance of Thrust's loop on the host: its hundreds were a
/// fifth of what a program takes to compile.
struct AnyFunctor {
    const void* functor;
    void (*call)(const void*, index_t);
    XNN_INLINE void operator()(index_t i) const { call(functor, i); }
};
template <class F>
void call_functor(const void* functor, index_t i) {
    (*static_cast<const F*>(functor))(i);
}
}  // namespace detail

/// Calls f(i) for each i in [0, n), each in a thread of its own. F is a named functor of host and device.
template <Device D, class F>
void launch(D device, index_t n, const F& f) {
    require_compiler<D>();
    if (n == 0) return;
    const thrust::counting_iterator<index_t> first(0);
    if constexpr (std::is_same_v<D, CudaHost>)
        thrust::for_each_n(policy(device), first, n, detail::AnyFunctor{&f, detail::call_functor<F>});
    else
        thrust::for_each_n(policy(device), first, n, f);
}

/// The threads that work on one number together: here one, on the host.
struct SingleTeam {
    static constexpr index_t size = 1;
    XNN_INLINE index_t rank() const { return 0; }
    XNN_INLINE void wait() const {}
    /// What join makes of the values of all threads, in a fixed order, for each of them.
    template <class T, class Join>
    XNN_INLINE T combine(T value, const Join&) const { return value; }
};

#ifdef __CUDACC__

namespace detail {
/// A value that a thread of the warp `distance` further on has.
template <class T>
__device__ T shuffle_xor(const T& value, int distance) {
    constexpr int words = (sizeof(T) + 3) / 4;
    unsigned buffer[words];
    buffer[words - 1] = 0;
    memcpy(buffer, &value, sizeof(T));
    for (int i = 0; i < words; ++i) buffer[i] = __shfl_xor_sync(0xffffffffU, buffer[i], distance);
    T result;
    memcpy(&result, buffer, sizeof(T));
    return result;
}
template <class T, class Join>
__device__ T combine_in_warp(T value, const Join& join, int rank) {
    for (int distance = 1; distance < 32; distance *= 2) {
        const T other = shuffle_xor(value, distance);
        value = rank & distance ? join(other, value) : join(value, other);  // the same for both
    }
    return value;
}
}  // namespace detail

/// A team of one warp, or of a block of several.
template <int Threads>
struct Team {
    static constexpr index_t size = Threads;

    XNN_INLINE index_t rank() const {
#ifdef __CUDA_ARCH__
        return threadIdx.x % Threads;
#else
        return 0;
#endif
    }
    XNN_INLINE void wait() const {
#ifdef __CUDA_ARCH__
        if constexpr (Threads > 32)
            __syncthreads();
        else
            __syncwarp();
#endif
    }
    template <class T, class Join>
    XNN_INLINE T combine(T value, const Join& join) const {
#ifdef __CUDA_ARCH__
        const int rank = static_cast<int>(threadIdx.x % Threads);
        value = detail::combine_in_warp(value, join, rank % 32);
        if constexpr (Threads > 32) {
            constexpr int warps = Threads / 32;
            __shared__ alignas(16) unsigned char memory[warps * sizeof(T)];
            T* const totals = reinterpret_cast<T*>(memory);
            __syncthreads();  // what the last call left here has been read
            if (rank % 32 == 0) totals[rank / 32] = value;
            __syncthreads();
            value = totals[0];
            for (int i = 1; i < warps; ++i) value = join(value, totals[i]);
        }
#endif
        return value;
    }
};

namespace detail {
template <int Threads, class F>
__global__ void __launch_bounds__(256) run_teams(F f, index_t units) {
    constexpr int teams = 256 / Threads;
    const index_t unit = static_cast<index_t>(blockIdx.x) * teams + threadIdx.x / Threads;
    if (unit < units) f(Team<Threads>{}, unit);
}
}  // namespace detail

#endif

namespace detail {
template <class F>
struct AlonePerUnit {
    F f;
    XNN_INLINE void operator()(index_t unit) const { f(SingleTeam{}, unit); }
};
}  // namespace detail

/// Calls f(team, unit) for each unit in [0, units), in all threads of a team, which has more of them the more work a unit is: that
/// many elements.
template <Device D, class F>
void launch_teams(D device, index_t units, [[maybe_unused]] index_t work, const F& f) {
    require_compiler<D>();
    if (units == 0) return;
    if constexpr (std::is_same_v<D, CudaHost>) {
        launch(device, units, detail::AlonePerUnit<F>{f});
    } else {
#ifdef __CUDACC__
        if (work > 1024)
            detail::run_teams<256><<<static_cast<unsigned>(units), 256, 0, current_stream()>>>(f, units);
        else
            detail::run_teams<32><<<static_cast<unsigned>(divide_up(units, 8)), 256, 0, current_stream()>>>(f, units);
        require(cudaGetLastError(), "a kernel's launch");
#endif
    }
}

}  // namespace xnn::cuda

namespace xnn::kernels {

namespace launch_detail {
template <class T>
struct Fill {
    T* p;
    T value;
    XNN_INLINE void operator()(index_t i) const { p[i] = value; }
};
}  // namespace launch_detail

/// Sets n elements to a number.
template <cuda::Device D, class T>
void fill(D device, T* p, index_t n, T value) {
    cuda::launch(device, n, launch_detail::Fill<T>{p, value});
}

}  // namespace xnn::kernels
