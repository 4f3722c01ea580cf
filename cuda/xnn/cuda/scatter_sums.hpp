// Sums of what several places say of one: gathered from the places in the order of their targets, so that they are always the same.
#pragma once

#include "xnn/core/dtype.hpp"
#include "xnn/cuda/sort.hpp"

namespace xnn::cuda {

/// to[o, key, k] += the sum of from[o, position, k] over the positions that have this key; those of key n go nowhere. A thread for
/// each element of `from`, of which the first of a key adds up all of it.
template <class T>
struct AddByKey {
    SortedKeys sorted;
    index_t n, count, inner;
    const T* from;
    T* to;

    XNN_INLINE void operator()(index_t i) const {
        using C = compute_t<T>;
        const index_t row = quotient(i, inner), k = i - row * inner, outer = quotient(row, count);
        index_t at = row - outer * count;
        const index_t key = sorted.keys[at];
        if (key == n || (at > 0 && sorted.keys[at - 1] == key)) return;
        T& target = to[(outer * n + key) * inner + k];
        auto sum = static_cast<C>(target);
        for (; at < count && sorted.keys[at] == key; ++at) sum += static_cast<C>(from[(outer * count + sorted.positions[at]) * inner + k]);
        target = static_cast<T>(sum);
    }
};

/// to [outer, n, inner] [+]= the elements of from [outer, count, inner] at the places that `keys` says for each of the count: n where
/// it has none. The keys are sorted in their memory.
template <class T, Device D>
void scatter_sums(D device, Arena<D>& arena, index_t* keys, const T* from, T* to, bool accumulate, index_t outer, index_t n, index_t count, index_t inner) {
    if (!accumulate) kernels::set_bytes(device, to, 0, static_cast<std::size_t>(outer * n * inner) * sizeof(T));
    const SortedKeys sorted = sort_keys(device, arena, keys, count, n);
    launch(device, outer * count * inner, AddByKey<T>{sorted, n, count, inner, from, to});
}

}  // namespace xnn::cuda
