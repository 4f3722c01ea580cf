// Rows of a table picked by index. https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
#pragma once

#include "xnn/cpu/embedding.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/ops/indices.hpp"

namespace xnn {

/// indices [*], table [entries, width] → [*, width]. The row padding_idx gets no gradient; a negative one is none.
struct EmbeddingRule {
    static constexpr std::string_view name = "embedding";
    index_t padding_idx = -1;
    bool scale_grad_by_freq = false;     // the gradient of a row is divided by how often it is picked
    ParameterStorage* storage = nullptr;  // of a table that is a ParameterRowsLeaf; else null

    template <class I, class T>
    using value_type = T;

    template <std::size_t R>
    static constexpr Dims<R + 1> extents(const Dims<R>& indices, const Dims<2>& table) {
        Dims<R + 1> result{};
        for (std::size_t i = 0; i < R; ++i) result[i] = indices[i];
        result[R] = table[1];
        return result;
    }
    template <std::size_t A, std::size_t B>
    static constexpr bool accepts(const Dims<A>&, const Dims<B>&) { return B == 2; }

    template <class T, std::size_t R>
    static constexpr index_t backward_bytes(const Dims<R>& indices, const Dims<2>& table) {
        return kernels::EmbeddingExtents{product(indices), table[0], table[1]}.scratch() * static_cast<index_t>(sizeof(index_t));
    }

    void check(auto indices, auto table) const { xnn::detail::require_indices(name, indices, table.extent(0)); }
    NothingSaved forward(auto&, auto y, auto indices, auto table) const {
        embedding_forward(typename decltype(y)::device{}, table.data, indices.data, y.data, sizes(indices, table));
        return {};
    }
    template <class T>
    void backward(auto& arena, NothingSaved, const auto& targets, const T* gy, const T*, auto indices, auto table) const {
        backward_table(arena, get<1>(targets), gy, indices, table);
    }

protected:
    template <class T>
    void backward_table(auto& arena, Target<T> gtable, const T* gy, auto indices, auto table,
                        kernels::RowShares<compute_t<T>> shares = {}) const {
        if (!gtable) return;
        constexpr typename decltype(table)::device device;
        const auto extents = sizes(indices, table);
        index_t* const scratch = arena.template allocate<index_t>(extents.scratch());
        if (storage) {
            using Device = typename decltype(table)::device;
            auto& rows = *storage->template gradient_rows_on<Device>();
            if constexpr (xnn::detail::is_cuda<Device>)
                embedding_backward_rows(device, gy, indices.data, gtable.data, rows.marks(), extents, padding_idx, scale_grad_by_freq, shares);
            else
                rows.add(scratch, embedding_backward_rows(device, gy, indices.data, gtable.data, rows.first_use(), scratch, extents, padding_idx,
                                                          scale_grad_by_freq, shares));
            return;
        }
        embedding_backward(device, gy, indices.data, gtable.data, gtable.accumulate, scratch, extents, padding_idx, scale_grad_by_freq, shares);
    }
    static kernels::EmbeddingExtents sizes(auto indices, auto table) { return {indices.size(), table.extent(0), table.extent(1)}; }
};

/// The same from a table that is scaled on the way: the rows that are picked have at most the norm max_norm afterwards.
template <Floating T>
struct RenormedEmbeddingRule : EmbeddingRule {
    T* renormed = nullptr;  // the table, unless nothing is to be scaled
    double max_norm = 0;
    double norm_type = 2;

    NothingSaved forward(auto& arena, auto y, auto indices, auto table) const {
        renorm(indices, table);
        return EmbeddingRule::forward(arena, y, indices, table);
    }

protected:
    void renorm(auto indices, auto table) const {
        if (renormed) embedding_renorm(typename decltype(table)::device{}, renormed, indices.data, sizes(indices, table), max_norm, norm_type);
    }
};

namespace functional {

/// Rows of the table: indices [*], weight [entries, width] → [*, width].
template <Operand I, Operand W>
constexpr auto embedding(I&& indices, W&& weight, index_t padding_idx = -1) {
    return apply(EmbeddingRule{padding_idx}, std::forward<I>(indices), std::forward<W>(weight));
}

}  // namespace functional
}  // namespace xnn
