// Sentences of different lengths side by side.
#pragma once

#include <algorithm>
#include <span>
#include <xnn/xnn.hpp>

#include "grammar.hpp"

namespace tagger {

/// The tag of padding, which the loss ignores.
inline constexpr std::int64_t no_tag = -100;

/// Some sentences as arrays, as long as the longest of them. The memory is used again by the next ones.
class Batch {
public:
    using Words = xnn::Shape<xnn::dyn, xnn::dyn>;
    using Numbers = xnn::Shape<xnn::dyn>;

    /// The sentences with these positions.
    void fill(std::span<const Sentence> sentences, std::span<const std::int64_t> positions) {
        const auto at = [&](std::size_t i) -> const Sentence& { return sentences[static_cast<std::size_t>(positions[i])]; };
        xnn::index_t longest = 0;
        for (std::size_t i = 0; i < positions.size(); ++i) longest = std::max(longest, at(i).length());
        const auto count = static_cast<xnn::index_t>(positions.size());
        words.resize(Words(count, longest));
        tags.resize(Numbers(count * longest));
        lengths.resize(Numbers(count));
        words.fill(0);
        tags.fill(no_tag);
        for (std::size_t i = 0; i < positions.size(); ++i) {
            const Sentence& sentence = at(i);
            const auto row = static_cast<xnn::index_t>(i);
            std::ranges::copy(sentence.words, words.data() + row * longest);
            std::ranges::copy(sentence.tags, tags.data() + row * longest);
            lengths(row) = sentence.length();
        }
    }

    xnn::Tensor<std::int64_t, Words> words;    ///< [sentences, longest]
    xnn::Tensor<std::int64_t, Numbers> tags;   ///< [sentences longest]
    xnn::Tensor<std::int64_t, Numbers> lengths;
};

}  // namespace tagger
