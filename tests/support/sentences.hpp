// Taggers to train, and sentences for them.
#pragma once

#include <cstdint>

#include "xnn/models/tagger.hpp"
#include "xnn/xnn.hpp"

namespace sentences {

using namespace xnn;

constexpr index_t vocabulary = 30, tags = 6;

template <class T = float>
using Tagger = models::LSTMTagger<vocabulary, tags, models::TaggerOptions{.embedding_dim = 16, .hidden_dim = 20, .num_layers = 2, .bidirectional = true}, T>;

/// The other recurrent layers, with dropout, one after the other; `lengths` are not looked at.
template <class T = float>
struct Stacked : nn::Module<Stacked<T>> {
    nn::Embedding<vocabulary, 16, nn::no_padding, T> embedding;
    nn::GRU<16, 24, nn::GRUOptions{.num_layers = 2, .batch_first = true}, T> gru{0.25};
    nn::RNN<24, 24, nn::RNNOptions{.batch_first = true}, T> rnn;
    nn::Linear<24, tags, true, T> out;

    Stacked() = default;
    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("embedding", self.embedding);
        f("gru", self.gru);
        f("rnn", self.rnn);
        f("out", self.out);
    }
    constexpr auto forward(auto words, auto) const {
        auto [output, h_n] = gru(embedding(std::move(words)));
        return out(output + rnn(output).output);
    }
};

/// Words, tags and lengths that depend on nothing but the batch's number.
template <AnyShape Words>
struct Batch {
    Tensor<std::int64_t, Words> words;
    Tensor<std::int64_t, Shape<dyn>> tags;
    Tensor<std::int64_t, Shape<dyn>> lengths;

    explicit Batch(const Words& shape, index_t number = 0) : words(shape), tags(Shape<dyn>(shape.size())), lengths(Shape<dyn>(shape.extent(0))) {
        const index_t longest = shape.extent(1);
        for (index_t i = 0; i < words.size(); ++i) {
            words.data()[i] = (i * 7 + i / 5 + number * 11) % vocabulary;
            tags.data()[i] = words.data()[i] % sentences::tags;
        }
        for (index_t b = 0; b < lengths.size(); ++b) lengths(b) = 1 + (longest - 1 + b * 3 + number) % longest;
    }
};

}  // namespace sentences
