// Sparse layers. https://pytorch.org/docs/stable/nn.html#sparse-layers
#pragma once

#include "xnn/nn/init.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/ops/embedding.hpp"

namespace xnn::nn {

/// Stands for no padding_idx.
inline constexpr index_t no_padding = std::numeric_limits<index_t>::min();

/// A table of vectors, looked up by index: [*] of integers → [*, embedding_dim]. The row PaddingIdx (counted from the end if
/// negative) begins as zeros and gets no gradient. State: weight [num_embeddings, embedding_dim].
/// https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
template <index_t NumEmbeddings, index_t EmbeddingDim, index_t PaddingIdx = no_padding, Floating T = float, class Device = Cpu>
struct Embedding : Module<Embedding<NumEmbeddings, EmbeddingDim, PaddingIdx, T, Device>> {
    static_assert(PaddingIdx == no_padding || (PaddingIdx >= -NumEmbeddings && PaddingIdx < NumEmbeddings), "padding_idx must be within num_embeddings");
    /// The row of padding, or -1.
    static constexpr index_t padding_idx = PaddingIdx == no_padding ? -1 : PaddingIdx < 0 ? PaddingIdx + NumEmbeddings : PaddingIdx;

    Parameter<T, Shape<NumEmbeddings, EmbeddingDim>, Device> weight;

    Embedding() { reset_parameters(); }

    void reset_parameters() {
        init::normal_(weight.value());
        if constexpr (padding_idx >= 0) std::fill_n(weight.data() + padding_idx * EmbeddingDim, EmbeddingDim, T(0));
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { f("weight", self.weight); }

    template <class X>
    constexpr auto forward(X indices) const {
        static_assert(std::integral<value_t<X>>, "Embedding: the indices are integers");
        return functional::embedding(std::move(indices), weight, padding_idx);
    }
};

}  // namespace xnn::nn
