#include "report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <xnn/tools/confusion.hpp>

#include "lexicon.hpp"

namespace tagger {

namespace {

constexpr auto tag_count = static_cast<std::size_t>(tags);
using Counts = std::array<xnn::index_t, tag_count>;

/// Calls f(word, tag, answer) for each word.
template <class F>
void for_answers(std::span<const Sentence> sentences, const Answers& answers, F&& f) {
    for (std::size_t i = 0; i < sentences.size(); ++i)
        for (std::size_t k = 0; k < sentences[i].words.size(); ++k) f(sentences[i].words[k], sentences[i].tags[k], answers[i][k]);
}

std::string padded(std::string_view text, std::size_t width) {
    std::string result(text);
    result.resize(std::max(width, result.size()), ' ');
    return result;
}

}  // namespace

double accuracy(std::span<const Sentence> sentences, const Answers& answers) {
    xnn::index_t right = 0, all = 0;
    for_answers(sentences, answers, [&](std::int64_t, std::int64_t tag, std::int64_t answer) {
        right += tag == answer;
        ++all;
    });
    return static_cast<double>(right) / static_cast<double>(all);
}

Answers most_frequent_tags(std::span<const Sentence> training, std::span<const Sentence> sentences) {
    std::vector<Counts> seen(static_cast<std::size_t>(vocabulary));
    for (const Sentence& sentence : training)
        for (std::size_t k = 0; k < sentence.words.size(); ++k) ++seen[static_cast<std::size_t>(sentence.words[k])][static_cast<std::size_t>(sentence.tags[k])];
    Answers answers;
    for (const Sentence& sentence : sentences) {
        auto& answer = answers.emplace_back();
        for (const std::int64_t number : sentence.words) {
            const Counts& counts = seen[static_cast<std::size_t>(number)];
            answer.push_back(std::ranges::max_element(counts) - counts.begin());
        }
    }
    return answers;
}

std::string confusion_table(std::span<const Sentence> sentences, const Answers& answers) {
    xnn::tools::ConfusionMatrix matrix(std::vector<std::string>(tag_names.begin(), tag_names.end()));
    for (std::size_t i = 0; i < sentences.size(); ++i) matrix.add(sentences[i].tags, answers[i]);
    return matrix.text();
}

std::string ambiguous_words(std::span<const Sentence> sentences, const Answers& answers) {
    std::string text;
    for (const std::string_view shown : {"that", "her", "can", "light", "saw", "fish", "down"}) {
        Counts all{}, right{};
        for_answers(sentences, answers, [&](std::int64_t number, std::int64_t tag, std::int64_t answer) {
            if (word(number) != shown) return;
            ++all[static_cast<std::size_t>(tag)];
            right[static_cast<std::size_t>(tag)] += tag == answer;
        });
        text += padded(shown, 8);
        for (std::size_t tag = 0; tag < tag_count; ++tag)
            if (all[tag] > 0) text += padded(std::string(tag_names[tag]) + " " + std::to_string(right[tag]) + " of " + std::to_string(all[tag]), 20);
        text += '\n';
    }
    return text;
}

std::string tagged(const Sentence& sentence, const std::vector<std::int64_t>& answer) {
    std::string words, found, expected;
    bool wrong = false;
    for (std::size_t k = 0; k < sentence.words.size(); ++k) {
        const std::string_view text = word(sentence.words[k]), got = tag_names[static_cast<std::size_t>(answer[k])],
                               right = tag_names[static_cast<std::size_t>(sentence.tags[k])];
        const std::size_t width = std::max({text.size(), got.size(), right.size()}) + 1;
        words += padded(text, width);
        found += padded(got, width);
        expected += padded(got == right ? "" : right, width);
        wrong = wrong || got != right;
    }
    return "  " + words + "\n  " + found + (wrong ? "\n  " + expected + "<- expected" : "") + '\n';
}

std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f %%", share * 100);
    return text;
}

}  // namespace tagger
