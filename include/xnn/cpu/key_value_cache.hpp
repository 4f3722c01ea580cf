// The keys and values of positions that attention has seen.
#pragma once

#include <algorithm>

#include "xnn/core/config.hpp"
#include "xnn/core/device.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {

/// A cache of keys and values [batch, capacity, width], of which `past` positions are taken.
template <class T>
struct KeyValueCache {
    T* keys;
    T* values;
    index_t batch, capacity, width;
    index_t past;
};

inline namespace XNN_SIMD_ARCH {

/// Writes the keys and values of x [batch, length, 3 width], which stand behind the queries, behind the positions that are taken.
template <class T>
void append_to_cache(Cpu, const KeyValueCache<T>& cache, const T* x, index_t length) {
    const index_t width = cache.width;
    for (index_t b = 0; b < cache.batch; ++b)
        for (index_t i = 0; i < length; ++i) {
            const T* const row = x + (b * length + i) * 3 * width;
            const index_t to = (b * cache.capacity + cache.past + i) * width;
            std::copy_n(row + width, width, cache.keys + to);
            std::copy_n(row + 2 * width, width, cache.values + to);
        }
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
