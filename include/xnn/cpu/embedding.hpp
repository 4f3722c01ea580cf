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

/// What position i gets of a gradient: scale[i] times its row row[i]. Null: row i.
template <class C>
struct RowShares {
    index_t* row = nullptr;
    C* scale = nullptr;
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

namespace detail {

/// Which positions use a row: chains through the positions, from first[row] by next[position] to -1.
struct RowUses {
    index_t* first;
    index_t* next;
};

/// Chains the uses of each row but padding_idx in the order of positions, where `first` is -1 for all rows. Writes the rows that
/// are used to `rows`, unless that is null, and returns how many there are.
template <std::integral I>
index_t link_uses(const I* indices, index_t count, index_t padding_idx, RowUses uses, index_t* rows) {
    index_t used = 0;
    for (index_t i = count; i-- > 0;) {
        const auto row = static_cast<index_t>(indices[i]);
        if (row == padding_idx) continue;
        if (uses.first[row] < 0 && rows) rows[used++] = row;
        uses.next[i] = uses.first[row];
        uses.first[row] = i;
    }
    return used;
}

/// Writes or adds Σ term(i, k, n) over the uses i of a row, or their mean; n is the count of elements from k on.
template <class T, class Term>
XNN_CPU_INLINE void put_uses(RowUses uses, index_t row, index_t width, T* to, bool accumulate, bool mean, Term term) {
    using V = simd::batch<T>;
    index_t count = 1;
    if (mean)
        for (index_t i = uses.next[uses.first[row]]; i >= 0; i = uses.next[i]) ++count;
    const V scale(1 / static_cast<compute_t<T>>(count));
    simd::for_registers<T>(width, [=](index_t k, auto n) {
        V sum(0);
        for (index_t i = uses.first[row]; i >= 0; i = uses.next[i]) sum += term(i, k, n);
        simd::put(to + k, sum * scale, n, accumulate);
    });
}

/// The gradient of a table whose row indices[i] gets term(i, k, n), see embedding_backward.
template <class T, std::integral I, class Term>
void embedding_backward(const I* indices, T* gtable, bool accumulate, index_t* scratch, EmbeddingExtents e, index_t padding_idx,
                        bool scale_by_frequency, Term term) {
    const RowUses uses{scratch, scratch + e.entries};
    std::fill_n(uses.first, e.entries, index_t{-1});
    link_uses(indices, e.count, padding_idx, uses, nullptr);
    const index_t uses_per_entry = e.entries > 0 ? e.count / e.entries : 0;
    parallel_chunks(e.entries, items_per_task(e.width * (1 + uses_per_entry)), [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            T* const to = gtable + row * e.width;
            if (uses.first[row] >= 0)
                put_uses(uses, row, e.width, to, accumulate, scale_by_frequency, term);
            else if (!accumulate)
                std::fill_n(to, e.width, static_cast<T>(0));
        }
    });
}

/// The same, added to the rows that are used; see embedding_backward_rows.
template <class T, std::integral I, class Term>
index_t embedding_backward_rows(const I* indices, T* gtable, index_t* first_use, index_t* scratch, EmbeddingExtents e, index_t padding_idx,
                                bool scale_by_frequency, Term term) {
    index_t* const rows = scratch;
    const RowUses uses{first_use, scratch + std::min(e.count, e.entries)};
    const index_t used = link_uses(indices, e.count, padding_idx, uses, rows);
    parallel_chunks(used, items_per_task(e.width), [=](index_t begin, index_t end) {
        for (index_t r = begin; r < end; ++r) {
            put_uses(uses, rows[r], e.width, gtable + rows[r] * e.width, true, scale_by_frequency, term);
            first_use[rows[r]] = -1;
        }
    });
    return used;
}

/// Calls f with the term that position i adds to its row's gradient.
template <class T, class F>
auto with_term(const T* gy, index_t width, RowShares<compute_t<T>> shares, F&& f) {
    if (shares.row)
        return f([=](index_t i, index_t k, auto n) { return simd::batch<T>(shares.scale[i]) * simd::load(gy + shares.row[i] * width + k, n); });
    return f([=](index_t i, index_t k, auto n) { return simd::load(gy + i * width + k, n); });
}

}  // namespace detail

/// gtable[k] = Σ gy[i] over the i with indices[i] = k, in the order of i; 0 for padding_idx (negative: there is none). The mean in
/// place of the sum if `scale_by_frequency`. In place of gy[i] stands what `shares` say, if they do.
/// `scratch` has EmbeddingExtents::scratch() elements: it gets a list of the uses of each entry.
template <class T, std::integral I>
void embedding_backward(Cpu, const T* gy, const I* indices, T* gtable, bool accumulate, index_t* scratch, EmbeddingExtents e,
                        index_t padding_idx, bool scale_by_frequency = false, RowShares<compute_t<T>> shares = {}) {
    if (gtable == nullptr) return;
    detail::with_term(gy, e.width, shares, [&](auto term) {
        detail::embedding_backward(indices, gtable, accumulate, scratch, e, padding_idx, scale_by_frequency, term);
    });
}

/// The same added to gtable, at a cost that grows with the rows that are used and not with the table. `first_use` has an element
/// for each entry, -1 before and afterwards. The first elements of `scratch` become the rows that are used; returns how many.
template <class T, std::integral I>
index_t embedding_backward_rows(Cpu, const T* gy, const I* indices, T* gtable, index_t* first_use, index_t* scratch, EmbeddingExtents e,
                                index_t padding_idx, bool scale_by_frequency = false, RowShares<compute_t<T>> shares = {}) {
    return detail::with_term(gy, e.width, shares, [&](auto term) {
        return detail::embedding_backward_rows(indices, gtable, first_use, scratch, e, padding_idx, scale_by_frequency, term);
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
