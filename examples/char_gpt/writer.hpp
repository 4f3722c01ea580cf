// Lets the network write.
#pragma once

#include <string>
#include <string_view>

#include "corpus.hpp"
#include "model.hpp"

namespace char_gpt {

/// How the next character is drawn.
struct WritingOptions {
    double temperature = 0.8;
    xnn::index_t top_k = 0;  ///< among the likeliest; 0: all
};

/// Goes on from `prompt` with `length` more characters, drawn from this generator's numbers. When the network's context is full,
/// the older half is forgotten.
std::string write(const Gpt& model, const Alphabet& alphabet, std::string_view prompt, xnn::index_t length, const WritingOptions& options,
                  xnn::Generator& generator);

}  // namespace char_gpt
