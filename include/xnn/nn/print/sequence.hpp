// Arguments of embeddings and recurrent layers.
#pragma once

#include "xnn/nn/print/text.hpp"
#include "xnn/nn/rnn.hpp"
#include "xnn/nn/rnn_cell.hpp"
#include "xnn/nn/sparse.hpp"

namespace xnn::nn::detail {

template <class Table>
std::string embedding_arguments(const Table& table, bool sparse) {
    const auto extents = table.weight.shape().extents();
    const auto& options = table.options;
    return std::to_string(extents[0]) + ", " + std::to_string(extents[1]) +
           (table.padding_idx >= 0 ? ", padding_idx=" + std::to_string(table.padding_idx) : "") +
           (options.max_norm ? ", max_norm=" + number(*options.max_norm) : "") + (options.norm_type != 2 ? ", norm_type=" + number(options.norm_type) : "") +
           (options.scale_grad_by_freq ? ", scale_grad_by_freq=True" : "") + (sparse ? ", sparse=True" : "");
}
template <index_t N, index_t Width, EmbeddingRows Rows, class T, class D>
std::string arguments(const Embedding<N, Width, Rows, T, D>& table) { return embedding_arguments(table, Rows.sparse); }
template <index_t N, index_t Width, EmbeddingBagOptions O, class T, class D>
std::string arguments(const EmbeddingBag<N, Width, O, T, D>& table) {
    constexpr const char* modes[] = {"sum", "mean", "max"};
    return embedding_arguments(table, false) + ", mode='" + modes[static_cast<int>(O.mode)] + "'";
}
[[gnu::cold, gnu::noinline]] inline std::string rnn_arguments(const RnnSpec& spec, double dropout) {
    std::string text = std::to_string(spec.input_size) + ", " + std::to_string(spec.hidden_size);
    if (spec.proj_size != 0) text += ", proj_size=" + std::to_string(spec.proj_size);
    if (spec.num_layers != 1) text += ", num_layers=" + std::to_string(spec.num_layers);
    if (!spec.bias) text += ", bias=False";
    if (spec.batch_first) text += ", batch_first=True";
    if (dropout != 0) text += ", dropout=" + number(dropout);
    if (spec.bidirectional) text += ", bidirectional=True";
    if (spec.single_step && spec.mode == RnnMode::relu) text += ", nonlinearity=relu";
    return text;
}
template <class M>
    requires requires { M::spec.single_step; }
std::string arguments(const M& layer) {
    if constexpr (M::spec.single_step)
        return rnn_arguments(M::spec, 0);
    else
        return rnn_arguments(M::spec, layer.dropout);
}

}  // namespace xnn::nn::detail
