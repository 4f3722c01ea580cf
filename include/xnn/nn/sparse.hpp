// Sparse layers. https://pytorch.org/docs/stable/nn.html#sparse-layers
#pragma once

#include <limits>
#include <optional>

#include "xnn/nn/init.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/ops/embedding.hpp"

namespace xnn::nn {

/// Stands for no padding_idx.
inline constexpr index_t no_padding = std::numeric_limits<index_t>::min();

/// The arguments of an embedding that are numbers, with PyTorch's names and defaults.
struct EmbeddingOptions {
    std::optional<double> max_norm{};  ///< the rows that are looked up are scaled down to this norm, in place
    double norm_type = 2;              ///< which norm
    bool scale_grad_by_freq = false;   ///< a row's gradient is divided by how often it was looked up
};

/// A table of vectors, looked up by index: [*] of integers → [*, embedding_dim]. The row PaddingIdx (counted from the end if
/// negative) begins as zeros and gets no gradient. `Embedding<10, 4> table{{.max_norm = 1}}`.
/// State: weight [num_embeddings, embedding_dim].
/// https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
template <index_t NumEmbeddings, index_t EmbeddingDim, index_t PaddingIdx = no_padding, Floating T = float, class Device = Cpu>
struct Embedding : Module<Embedding<NumEmbeddings, EmbeddingDim, PaddingIdx, T, Device>> {
    static_assert(PaddingIdx == no_padding || (PaddingIdx >= -NumEmbeddings && PaddingIdx < NumEmbeddings), "padding_idx must be within num_embeddings");
    /// The row of padding, or -1.
    static constexpr index_t padding_idx = PaddingIdx == no_padding ? -1 : PaddingIdx < 0 ? PaddingIdx + NumEmbeddings : PaddingIdx;

    Parameter<T, Shape<NumEmbeddings, EmbeddingDim>, Device> weight;

    EmbeddingOptions options;

    Embedding() : Embedding(EmbeddingOptions{}) {}
    explicit Embedding(const EmbeddingOptions& numbers) : options(numbers) {
        if (options.max_norm && !(*options.max_norm >= 0)) fail("Embedding", "a max_norm of at least 0", std::to_string(*options.max_norm));
        if (!(options.norm_type > 0)) fail("Embedding", "a norm_type above 0", std::to_string(options.norm_type));
        reset_parameters();
    }

    void reset_parameters() {
        init::normal_(weight.value());
        if constexpr (padding_idx >= 0) std::fill_n(weight.data() + padding_idx * EmbeddingDim, EmbeddingDim, T(0));
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { f("weight", self.weight); }

    template <class X>
    constexpr auto forward(X indices) const {
        static_assert(std::integral<value_t<X>>, "Embedding: the indices are integers");
        RenormedEmbeddingRule<T> rule{{padding_idx}};
        if constexpr (!is_meta<X>) {  // whose cost is a constant: it may not look at the object
            rule.scale_grad_by_freq = options.scale_grad_by_freq;
            if (options.max_norm) {
                rule.renormed = weight.storage()->value.data();
                rule.max_norm = *options.max_norm;
                rule.norm_type = options.norm_type;
            }
        }
        return xnn::apply(rule, std::move(indices), weight);
    }
};

}  // namespace xnn::nn
