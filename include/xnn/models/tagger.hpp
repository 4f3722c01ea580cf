// A tagger: gives each word of a sentence one of a few tags.
// https://pytorch.org/tutorials/beginner/nlp/sequence_models_tutorial.html
#pragma once

#include "xnn/nn/rnn.hpp"
#include "xnn/nn/sparse.hpp"

namespace xnn::models {

/// The widths of a tagger.
struct TaggerOptions {
    index_t embedding_dim = 64;
    index_t hidden_dim = 64;
    index_t num_layers = 1;
    bool bidirectional = false;  ///< whether a word's tag may depend on the words behind it
};

/// Words [batch, steps] as indices → scores [batch, steps, tags], by an LSTM that reads each sentence; with `tagger(words,
/// lengths)` only that much of each, and the scores of padding are those of an empty state. State: word_embeddings.weight,
/// lstm.weight_ih_l0, …, hidden2tag.weight, hidden2tag.bias.
template <index_t Vocabulary, index_t Tags, TaggerOptions O = TaggerOptions{}, Floating T = float, class Device = DefaultDevice>
struct LSTMTagger : nn::Module<LSTMTagger<Vocabulary, Tags, O, T, Device>> {
    static constexpr nn::LSTMOptions lstm_options{.num_layers = O.num_layers, .batch_first = true, .bidirectional = O.bidirectional};
    static constexpr index_t width = O.hidden_dim * (O.bidirectional ? 2 : 1);

    nn::Embedding<Vocabulary, O.embedding_dim, nn::no_padding, T, Device> word_embeddings;
    nn::LSTM<O.embedding_dim, O.hidden_dim, lstm_options, T, Device> lstm;
    nn::Linear<width, Tags, true, T, Device> hidden2tag;

    constexpr auto forward(auto words) const { return hidden2tag(lstm(word_embeddings(std::move(words))).output); }
    constexpr auto forward(auto words, auto lengths) const {
        namespace rnn = nn::utils::rnn;
        return hidden2tag(lstm(rnn::pack_padded_sequence<true>(word_embeddings(std::move(words)), std::move(lengths), false)).output.data);
    }
};

}  // namespace xnn::models
