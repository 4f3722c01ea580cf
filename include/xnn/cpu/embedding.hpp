// Rows of a table picked by index, and the gradient of the table.
#pragma once

#include <algorithm>
#include <cmath>
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

/// Scales down the rows that are picked and whose norm, (Σ |x|^norm_type)^(1 / norm_type), exceeds max_norm.
template <class T, std::integral I>
void embedding_renorm(Cpu, T* table, const I* indices, EmbeddingExtents e, double max_norm, double norm_type) {
    constexpr double tiny = 1e-7;  // PyTorch's: the norm becomes a little less than max_norm
    for (index_t i = 0; i < e.count; ++i) {  // what has been scaled is not scaled again
        T* const row = table + static_cast<index_t>(indices[i]) * e.width;
        double sum = 0, largest = 0;
        for (index_t k = 0; k < e.width; ++k) {
            const double x = std::fabs(static_cast<double>(static_cast<compute_t<T>>(row[k])));
            largest = std::max(largest, x);
            sum += norm_type == 2 ? x * x : norm_type == 1 ? x : std::pow(x, norm_type);
        }
        const double norm = std::isinf(norm_type) ? largest : norm_type == 2 ? std::sqrt(sum) : std::pow(sum, 1 / norm_type);
        if (!(norm > max_norm)) continue;
        const auto factor = static_cast<compute_t<T>>(max_norm / (norm + tiny));
        for (index_t k = 0; k < e.width; ++k) row[k] = static_cast<T>(static_cast<compute_t<T>>(row[k]) * factor);
    }
}

/// gtable[k] = Σ gy[i] over the i with indices[i] = k, in the order of i; 0 for padding_idx (negative: there is none). The mean in
/// place of the sum if `scale_by_frequency`.
/// `scratch` has EmbeddingExtents::scratch() elements: it gets a list of the uses of each entry.
template <class T, std::integral I>
void embedding_backward(Cpu, const T* gy, const I* indices, T* gtable, bool accumulate, index_t* scratch,
                        EmbeddingExtents e, index_t padding_idx, bool scale_by_frequency = false) {
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
            index_t uses = 1;
            if (scale_by_frequency)
                for (index_t i = next_use[first_use[entry]]; i >= 0; i = next_use[i]) ++uses;
            const V scale(1 / static_cast<compute_t<T>>(uses));
            simd::for_registers<T>(e.width, [=](index_t k, auto n) {
                V sum(0);
                for (index_t i = first_use[entry]; i >= 0; i = next_use[i]) sum += simd::load(gy + i * e.width + k, n);
                simd::put(to + k, sum * scale, n, accumulate);
            });
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
