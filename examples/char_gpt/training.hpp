// Training: steps over random pieces of the text, with reports of how it goes.
#pragma once

#include "corpus.hpp"
#include "model.hpp"
#include "options.hpp"

namespace char_gpt {

/// The mean loss over all of a text, in nats per character: piece by piece, each as long as the network's context.
double evaluate(const Gpt& model, std::span<const std::int64_t> text);

/// Trains the network, prints how it goes, and returns its loss on the validation text. AdamW, whose learning rate rises
/// linearly at first and then falls along half a cosine wave.
double train(Gpt& model, const Corpus& corpus, const Options& options);

}  // namespace char_gpt
