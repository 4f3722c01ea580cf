// What is shown of the answers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "grammar.hpp"

namespace tagger {

/// The tags that were found, sentence by sentence.
using Answers = std::vector<std::vector<std::int64_t>>;

/// The share of words with the right tag.
double accuracy(std::span<const Sentence> sentences, const Answers& answers);

/// What a dictionary would answer: for each word the tag that it has most often in the training sentences.
Answers most_frequent_tags(std::span<const Sentence> training, std::span<const Sentence> sentences);

/// A table of true tags against those that were found.
std::string confusion_table(std::span<const Sentence> sentences, const Answers& answers);

/// How often each tag of some ambiguous words was found.
std::string ambiguous_words(std::span<const Sentence> sentences, const Answers& answers);

/// A sentence with its tags below the words; a wrong one stands above what it should be.
std::string tagged(const Sentence& sentence, const std::vector<std::int64_t>& answer);

/// 0.9876 as `98.76 %`.
std::string percent(double share);

}  // namespace tagger
