// Rows of a table picked by index, and the gradient of the table.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/device.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {

/// A table of (entries, width), from which `count` rows are picked.
struct EmbeddingExtents {
    index_t count;
    index_t entries;
    index_t width;

    /// The numbers that embedding_backward needs room for.
    constexpr index_t scratch() const { return entries + count; }
};

inline namespace XNN_SIMD_ARCH {

/// The position of the first index that is not in [0, entries); -1 if all are good.
template <std::integral I>
index_t check_indices(Cpu, const I* indices, index_t n, index_t entries) {
    for (index_t i = 0; i < n; ++i)
        if (const auto index = static_cast<index_t>(indices[i]); index < 0 || index >= entries) return i;
    return -1;
}

/// y[i] = table[indices[i]]. The indices must have passed check_indices.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
template <class T, std::integral I>
void embedding_forward(Cpu, const T* table, const I* indices, T* y, EmbeddingExtents e) {
    parallel_chunks(e.count, items_per_task(e.width), [=](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i)
            std::copy_n(table + static_cast<index_t>(indices[i]) * e.width, e.width, y + i * e.width);
    });
}

/// gtable[k] = Σ gy[i] over the i with indices[i] = k, in the order of i; 0 for padding_idx (negative: there is none).
/// `scratch` has EmbeddingExtents::scratch() elements: it gets a list of the uses of each entry.
template <class T, std::integral I>
void embedding_backward(Cpu, const T* gy, const I* indices, T* gtable, bool accumulate, index_t* scratch,
                        EmbeddingExtents e, index_t padding_idx) {
    using V = simd::batch<T>;
    if (gtable == nullptr) return;
    index_t *const first_use = scratch, *const next_use = scratch + e.entries;
    std::fill_n(first_use, e.entries, index_t{-1});
    for (index_t i = e.count; i-- > 0;) {
        const auto entry = static_cast<index_t>(indices[i]);
        next_use[i] = first_use[entry];
        first_use[entry] = i;
    }
    if (padding_idx >= 0 && padding_idx < e.entries) first_use[padding_idx] = -1;
    const index_t uses_per_entry = e.entries > 0 ? e.count / e.entries : 0;
    parallel_chunks(e.entries, items_per_task(e.width * (1 + uses_per_entry)), [=](index_t begin, index_t end) {
        for (index_t entry = begin; entry < end; ++entry) {
            T* const to = gtable + entry * e.width;
            if (first_use[entry] < 0) {
                if (!accumulate) std::fill_n(to, e.width, static_cast<T>(0));
                continue;
            }
            simd::for_registers<T>(e.width, [=](index_t k, auto n) {
                V sum(0);
                for (index_t i = first_use[entry]; i >= 0; i = next_use[i]) sum += simd::load(gy + i * e.width + k, n);
                simd::put(to + k, sum, n, accumulate);
            });
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
