// The keys and values of positions that attention has seen: 1 launch.
#pragma once

#include "xnn/cpu/key_value_cache.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels {

namespace cache_detail {
template <class T>
struct Append {
    KeyValueCache<T> cache;
    const T* x;
    index_t length;

    XNN_INLINE void operator()(index_t at) const {
        const index_t row = cuda::quotient(at, cache.width), k = at - row * cache.width;
        const index_t b = cuda::quotient(row, length), i = row - b * length;
        const T* const from = x + row * 3 * cache.width + k;
        const index_t to = (b * cache.capacity + cache.past + i) * cache.width + k;
        cache.keys[to] = from[cache.width];
        cache.values[to] = from[2 * cache.width];
    }
};
}  // namespace cache_detail

/// As append_to_cache of the Cpu.
template <class T, cuda::Device D>
void append_to_cache(D device, const KeyValueCache<T>& cache, const T* x, index_t length) {
    cuda::launch(device, cache.batch * length * cache.width, cache_detail::Append<T>{cache, x, length});
}

}  // namespace xnn::kernels
