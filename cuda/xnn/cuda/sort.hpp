// Positions put into the order of keys: how kernels gather what others would scatter by atomic additions, in an order that is
// always the same.
#pragma once

#include <bit>

#include <thrust/sort.h>
#ifdef __CUDACC__
#include <cub/device/device_radix_sort.cuh>
#endif

#include "xnn/cuda/launch.hpp"
#include "xnn/cuda/memory.hpp"
#include "xnn/expr/arena.hpp"

namespace xnn::cuda {

/// Keys in their order, and where each stood.
struct SortedKeys {
    index_t* keys;
    index_t* positions;
};

namespace detail {
struct Number {
    index_t* to;
    XNN_INLINE void operator()(index_t i) const { to[i] = i; }
};
}  // namespace detail

/// Sorts n keys of [0, limit); equal ones stay in the order of their positions. About 3 launches, and one for each 8 bits of limit.
template <Device D>
SortedKeys sort_keys(D device, Arena<D>& arena, index_t* keys, index_t n, [[maybe_unused]] index_t limit) {
    index_t* const positions = arena.template allocate<index_t>(n);
    launch(device, n, detail::Number{positions});
    if constexpr (std::is_same_v<D, CudaHost>) {
        thrust::stable_sort_by_key(policy(device), keys, keys + n, positions);
        return {keys, positions};
    } else {
#ifdef __CUDACC__
        cub::DoubleBuffer<index_t> sorted(keys, arena.template allocate<index_t>(n)), moved(positions, arena.template allocate<index_t>(n));
        const int bits = std::bit_width(static_cast<std::uint64_t>(limit));
        std::size_t bytes = 0;
        require(cub::DeviceRadixSort::SortPairs(nullptr, bytes, sorted, moved, n, 0, bits, current_stream()), "sort");
        auto* const memory = arena.template allocate<std::byte>(static_cast<index_t>(bytes));
        require(cub::DeviceRadixSort::SortPairs(memory, bytes, sorted, moved, n, 0, bits, current_stream()), "sort");
        return {sorted.Current(), moved.Current()};
#endif
    }
}

}  // namespace xnn::cuda
