// Sparse layers. https://pytorch.org/docs/stable/nn.html#sparse-layers
#pragma once

#include <limits>
#include <optional>

#include "xnn/nn/init.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/ops/embedding_bag.hpp"

namespace xnn::nn {

/// Stands for no padding_idx.
inline constexpr index_t no_padding = std::numeric_limits<index_t>::min();

/// What the type of an Embedding says of its rows; a number alone is the padding_idx. Sparse gradients cost as much, in backward()
/// and in a step of SGD or SparseAdam, as rows were looked up, whatever the size of the table; on a GPU a step leaves the other rows
/// alone too, but looks at a byte for each, and the gradient is cleared as a whole.
struct EmbeddingRows {
    index_t padding_idx;
    bool sparse;

    constexpr EmbeddingRows(index_t padding = no_padding, bool sparse_gradients = false) : padding_idx(padding), sparse(sparse_gradients) {}
};
/// As the third argument of an Embedding: sparse gradients, and no padding. With padding: `EmbeddingRows(0, true)`.
inline constexpr EmbeddingRows sparse{no_padding, true};

/// The arguments of an embedding that are numbers, with PyTorch's names and defaults.
struct EmbeddingOptions {
    std::optional<double> max_norm{};  ///< the rows that are looked up are scaled down to this norm, in place
    double norm_type = 2;              ///< which norm
    bool scale_grad_by_freq = false;   ///< a row's gradient is divided by how often it was looked up
};

/// What the type of an EmbeddingBag says, with PyTorch's names and defaults.
struct EmbeddingBagOptions {
    EmbeddingBagMode mode = EmbeddingBagMode::mean;
    bool sparse = false;              ///< as EmbeddingRows::sparse; not for max
    bool include_last_offset = false;  ///< the offsets end with the number of indices
    index_t padding_idx = no_padding;  ///< this row counts in no bag
};

namespace detail {

/// A row counted from the end if negative, as one counted from the beginning; -1 for none.
constexpr index_t row_of_padding(index_t padding_idx, index_t entries) {
    return padding_idx == no_padding ? -1 : padding_idx < 0 ? padding_idx + entries : padding_idx;
}

inline void check_embedding(std::string_view name, const EmbeddingOptions& options) {
    if (options.max_norm && !(*options.max_norm >= 0)) fail(name, "a max_norm of at least 0", std::to_string(*options.max_norm));
    if (!(options.norm_type > 0)) fail(name, "a norm_type above 0", std::to_string(options.norm_type));
}

/// A rule of rows of a table that is a parameter, applied to indices and what stands behind the table.
template <bool Sparse, class Rule, class X, class T, AnyShape S, class Device, class... Rest>
constexpr auto look_up(Rule rule, const EmbeddingOptions& options, X&& indices, const Parameter<T, S, Device>& table, Rest&&... rest) {
    static_assert(std::integral<value_t<operand_t<X>>>, "an embedding's indices are integers");
    if constexpr (xnn::detail::any_meta<X>) {  // whose cost is a constant: it may not look at the objects
        return xnn::apply(rule, std::forward<X>(indices), table, std::forward<Rest>(rest)...);
    } else {
        rule.scale_grad_by_freq = options.scale_grad_by_freq;
        if (options.max_norm) {
            rule.renormed = table.storage()->value().data();
            rule.max_norm = *options.max_norm;
            rule.norm_type = options.norm_type;
        }
        if constexpr (Sparse) {
            rule.storage = table.storage();
            return xnn::apply(rule, std::forward<X>(indices), ParameterRowsLeaf<T, S, Device>(*table.storage()), std::forward<Rest>(rest)...);
        } else {
            return xnn::apply(rule, std::forward<X>(indices), table, std::forward<Rest>(rest)...);
        }
    }
}

/// The same for a rule of bags.
template <EmbeddingBagOptions Options, class X, class T, AnyShape S, class Device, class... Rest>
constexpr auto look_up_bags(const EmbeddingOptions& options, X&& indices, const Parameter<T, S, Device>& table, Rest&&... rest) {
    static_assert(!Options.sparse || Options.mode != EmbeddingBagMode::max, "EmbeddingBag: the mode max has no sparse gradients");
    if constexpr (Options.mode == EmbeddingBagMode::max && !xnn::detail::any_meta<X>)
        if (options.scale_grad_by_freq) fail("EmbeddingBag", "no scale_grad_by_freq in the mode max", "it");
    const EmbeddingBagRule<T, Options.mode, Options.include_last_offset> rule{
        {{row_of_padding(Options.padding_idx, S::static_extents[0])}}};
    return look_up<Options.sparse>(rule, options, std::forward<X>(indices), table, std::forward<Rest>(rest)...);
}

/// What embeddings hold.
template <class Self, index_t NumEmbeddings, index_t EmbeddingDim, index_t PaddingIdx, Floating T, class Device>
struct EmbeddingTable : Module<Self> {
    static_assert(PaddingIdx == no_padding || (PaddingIdx >= -NumEmbeddings && PaddingIdx < NumEmbeddings), "padding_idx must be within num_embeddings");
    /// The row of padding, or -1.
    static constexpr index_t padding_idx = row_of_padding(PaddingIdx, NumEmbeddings);

    Parameter<T, Shape<NumEmbeddings, EmbeddingDim>, Device> weight;

    EmbeddingOptions options;

    EmbeddingTable() : EmbeddingTable(EmbeddingOptions{}) {}
    explicit EmbeddingTable(const EmbeddingOptions& numbers) : options(numbers) {
        check_embedding("Embedding", options);
        reset_parameters();
    }
    /// A layer with these rows, which are not learned if `freeze`.
    static Self from_pretrained(const Tensor<T, Shape<NumEmbeddings, EmbeddingDim>, Device>& embeddings, bool freeze = true,
                                const EmbeddingOptions& numbers = {}) {
        Self layer(numbers);
        layer.weight.value() = embeddings;
        layer.weight.requires_grad_(!freeze);
        return layer;
    }

    void reset_parameters() {
        init::normal_(weight.value());
        if constexpr (padding_idx >= 0) fill(Device{}, weight.data() + padding_idx * EmbeddingDim, EmbeddingDim, T(0));
    }

    template <class Layer, class F>
    static constexpr void visit_own_members(Layer& layer, F&& f) { f("weight", layer.weight); }
};

}  // namespace detail

/// A table of vectors, looked up by index: [*] of integers → [*, embedding_dim]. The row padding_idx (counted from the end if
/// negative) begins as zeros and gets no gradient. `Embedding<10, 4> table{{.max_norm = 1}}`, with a padding_idx
/// `Embedding<10, 4, 0>`, with sparse gradients `Embedding<10, 4, sparse>`.
/// State: weight [num_embeddings, embedding_dim].
/// https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
template <index_t NumEmbeddings, index_t EmbeddingDim, EmbeddingRows Rows = no_padding, Floating T = float, class Device = DefaultDevice>
struct Embedding : detail::EmbeddingTable<Embedding<NumEmbeddings, EmbeddingDim, Rows, T, Device>, NumEmbeddings, EmbeddingDim, Rows.padding_idx, T, Device> {
    using Embedding::EmbeddingTable::EmbeddingTable;

    template <class X>
    constexpr auto forward(X indices) const {
        return detail::look_up<Rows.sparse>(RenormedEmbeddingRule<T>{{Embedding::padding_idx}}, this->options, std::move(indices), this->weight);
    }
};

/// Sums, means or maxima of bags of rows, which are never written one by one: indices [bags, length] → [bags, embedding_dim], or
/// `bag(indices, offsets)` with the rows of all bags one after the other, [positions], and where each begins, [bags]. In the mode
/// sum weights like the indices may follow, which the rows are multiplied by. A bag of nothing gives zeros; the row padding_idx is
/// nothing, begins as zeros and gets no gradient. Throws Error for offsets that do not begin with 0, fall, or exceed the indices.
/// `EmbeddingBag<10, 4, EmbeddingBagOptions{.mode = EmbeddingBagMode::sum}>`.
/// State: weight [num_embeddings, embedding_dim].
/// https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
template <index_t NumEmbeddings, index_t EmbeddingDim, EmbeddingBagOptions Options = EmbeddingBagOptions{}, Floating T = float, class Device = DefaultDevice>
struct EmbeddingBag
    : detail::EmbeddingTable<EmbeddingBag<NumEmbeddings, EmbeddingDim, Options, T, Device>, NumEmbeddings, EmbeddingDim, Options.padding_idx, T, Device> {
    using EmbeddingBag::EmbeddingTable::EmbeddingTable;

    template <class X, class... Rest>
    constexpr auto forward(X indices, Rest... offsets_and_weights) const {
        return detail::look_up_bags<Options>(this->options, std::move(indices), this->weight, std::move(offsets_and_weights)...);
    }
};

}  // namespace xnn::nn
