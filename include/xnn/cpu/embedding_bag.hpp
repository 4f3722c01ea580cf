// Rows of a table picked by index and joined bag by bag, and the gradients of the table and of the rows' weights.
// https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
#pragma once

#include "xnn/core/embedding_bag_mode.hpp"
#include "xnn/cpu/embedding.hpp"

namespace xnn::kernels {

/// Bags of neighbouring positions in [0, positions): each from its offset to the next, or of `length` positions if there are no
/// offsets.
template <std::integral O>
struct Bags {
    const O* offsets;
    index_t count;
    index_t positions;
    index_t length;

    XNN_INLINE constexpr index_t begin(index_t bag) const { return offsets ? static_cast<index_t>(offsets[bag]) : bag * length; }
    XNN_INLINE constexpr index_t end(index_t bag) const { return bag + 1 < count ? begin(bag + 1) : positions; }
};

inline namespace XNN_SIMD_ARCH {

namespace detail {
/// How many positions of a bag are not padding.
template <std::integral I, std::integral O>
index_t bag_size(const I* indices, const Bags<O>& bags, index_t bag, index_t padding_idx) {
    index_t size = 0;
    for (index_t i = bags.begin(bag); i < bags.end(bag); ++i) size += static_cast<index_t>(indices[i]) != padding_idx;
    return size;
}
}  // namespace detail

/// The position of the first of n offsets into [0, positions] that is not 0 at the beginning, less than the one before or too large;
/// or, if the last one is to be the number of positions, that is not. -1 if all are good.
template <std::integral O>
index_t check_offsets(Cpu, const O* offsets, index_t n, index_t positions, bool include_last) {
    index_t before = 0;
    for (index_t b = 0; b < n; ++b) {
        const auto offset = static_cast<index_t>(offsets[b]);
        const bool last = include_last && b + 1 == n;
        if (b == 0 ? offset != 0 : last ? offset != positions : offset < before || offset > positions) return b;
        before = offset;
    }
    return -1;
}

/// y[b] = the sum of weights[i] table[indices[i]] over the positions i of bag b whose index is not padding_idx, or the mean of
/// these rows; 0 if there are none. No weights (null) are ones.
template <class T, std::integral I, std::integral O>
void embedding_bag_forward(Cpu, const T* table, const I* indices, const Bags<O>& bags, const T* weights, T* y, EmbeddingExtents e,
                           index_t padding_idx, bool mean) {
    using V = simd::batch<T>;
    parallel_chunks(bags.count, items_per_task(e.width * (1 + e.count / (1 + bags.count))), [=](index_t first, index_t last) {
        for (index_t b = first; b < last; ++b) {
            const index_t size = mean ? detail::bag_size(indices, bags, b, padding_idx) : 1;
            const V scale(1 / static_cast<compute_t<T>>(std::max<index_t>(size, 1)));
            simd::for_registers<T>(e.width, [=](index_t k, auto n) {
                V sum(0);
                for (index_t i = bags.begin(b); i < bags.end(b); ++i) {
                    const auto row = static_cast<index_t>(indices[i]);
                    if (row == padding_idx) continue;
                    const V x = simd::load(table + row * e.width + k, n);
                    sum += weights ? V(static_cast<compute_t<T>>(weights[i])) * x : x;
                }
                simd::store(y + b * e.width + k, sum * scale, n);
            });
        }
    });
}

/// y[b] = the largest of table[indices[i]] in each column over the same positions, the first of equals; 0 if there are none.
/// `winners` gets the rows that these come from, or -1, unless it is null.
template <class T, std::integral I, std::integral O>
void embedding_bag_max_forward(Cpu, const T* table, const I* indices, const Bags<O>& bags, T* y, index_t* winners, EmbeddingExtents e,
                               index_t padding_idx) {
    parallel_chunks(bags.count, items_per_task(e.width * (1 + e.count / (1 + bags.count))), [=](index_t first, index_t last) {
        for (index_t b = first; b < last; ++b) {
            T* const best = y + b * e.width;
            index_t* const from = winners ? winners + b * e.width : nullptr;
            std::fill_n(best, e.width, static_cast<T>(0));
            if (from) std::fill_n(from, e.width, index_t{-1});
            bool empty = true;
            for (index_t i = bags.begin(b); i < bags.end(b); ++i) {
                const auto row = static_cast<index_t>(indices[i]);
                if (row == padding_idx) continue;
                const T* const x = table + row * e.width;
                for (index_t k = 0; k < e.width; ++k) {
                    if (!empty && !(static_cast<compute_t<T>>(x[k]) > static_cast<compute_t<T>>(best[k]))) continue;
                    best[k] = x[k];
                    if (from) from[k] = row;
                }
                empty = false;
            }
        }
    });
}

/// Fills `shares`, of which there is one for each position, for a sum with these weights (null: ones) or for a mean.
template <class T, std::integral I, std::integral O>
void share_bags(Cpu, const I* indices, const Bags<O>& bags, const T* weights, RowShares<compute_t<T>> shares, index_t padding_idx, bool mean) {
    using C = compute_t<T>;
    for (index_t b = 0; b < bags.count; ++b) {
        const index_t size = mean ? detail::bag_size(indices, bags, b, padding_idx) : 1;
        for (index_t i = bags.begin(b); i < bags.end(b); ++i) {
            shares.row[i] = b;
            shares.scale[i] = weights ? static_cast<C>(weights[i]) : 1 / static_cast<C>(std::max<index_t>(size, 1));
        }
    }
}

/// gweights[i] = gy[bag_of[i]] · table[indices[i]]; 0 for padding_idx.
template <class T, std::integral I>
void embedding_bag_backward_weights(Cpu, const T* gy, const T* table, const I* indices, const index_t* bag_of, T* gweights, bool accumulate,
                                    EmbeddingExtents e, index_t padding_idx) {
    parallel_chunks(e.count, items_per_task(e.width), [=](index_t first, index_t last) {
        for (index_t i = first; i < last; ++i) {
            const auto row = static_cast<index_t>(indices[i]);
            const auto product = [=](index_t k, auto n) {
                return simd::load(gy + bag_of[i] * e.width + k, n) * simd::load(table + row * e.width + k, n);
            };
            simd::put(gweights + i, row == padding_idx ? 0 : simd::reduce_add(simd::sum_registers<T>(e.width, product)), accumulate);
        }
    });
}

/// The gradient of the table where the largest were chosen: that of each result goes to the row that it came from.
template <class T>
void embedding_bag_max_backward(Cpu, const T* gy, const index_t* winners, T* gtable, bool accumulate, index_t bags, EmbeddingExtents e) {
    if (!accumulate) std::fill_n(gtable, e.entries * e.width, static_cast<T>(0));
    parallel_chunks(e.width, items_per_task(bags), [=](index_t first, index_t last) {
        for (index_t b = 0; b < bags; ++b)
            for (index_t k = first; k < last; ++k)
                if (const index_t row = winners[b * e.width + k]; row >= 0)
                    simd::put(gtable + row * e.width + k, static_cast<compute_t<T>>(gy[b * e.width + k]), true);
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
