// Sentences with the part of speech of each word, written by a small grammar. The same seed writes the same sentences.
#pragma once

#include <cstdint>
#include <vector>
#include <xnn/core/config.hpp>

namespace tagger {

/// Words and tags by their numbers.
struct Sentence {
    std::vector<std::int64_t> words;
    std::vector<std::int64_t> tags;

    xnn::index_t length() const { return static_cast<xnn::index_t>(words.size()); }
};

/// So many sentences.
std::vector<Sentence> write_sentences(xnn::index_t count, std::uint64_t seed);

}  // namespace tagger
