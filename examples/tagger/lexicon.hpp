// The words of the grammar. Many belong to several parts of speech: only the sentence around them says which is meant.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <xnn/core/config.hpp>

namespace tagger {

/// What the network is to find out of each word.
enum class Tag : std::int64_t { determiner, adjective, noun, verb, auxiliary, pronoun, preposition, adverb, conjunction, relative, stop };
inline constexpr std::array<std::string_view, 11> tag_names{"DET", "ADJ", "NOUN", "VERB", "AUX", "PRON", "PREP", "ADV", "CONJ", "REL", "."};

/// Where the grammar puts a word: finer than its tag.
enum class Place { determiner, adjective, noun, transitive, intransitive, of_clause, auxiliary, subject, object, preposition, adverb, conjunction, that, relative, stop };

constexpr Tag tag_of(Place place) {
    switch (place) {
        case Place::determiner: return Tag::determiner;
        case Place::adjective: return Tag::adjective;
        case Place::noun: return Tag::noun;
        case Place::transitive:
        case Place::intransitive:
        case Place::of_clause: return Tag::verb;
        case Place::auxiliary: return Tag::auxiliary;
        case Place::subject:
        case Place::object: return Tag::pronoun;
        case Place::preposition: return Tag::preposition;
        case Place::adverb: return Tag::adverb;
        case Place::conjunction:
        case Place::that: return Tag::conjunction;
        case Place::relative: return Tag::relative;
        case Place::stop: return Tag::stop;
    }
    return Tag::stop;
}

/// The words that may stand at a place, separated by spaces.
struct Choice {
    Place place;
    std::string_view words;
};
inline constexpr Choice lexicon[] = {
    {Place::determiner, "the a this that her his every some no"},
    {Place::adjective, "old small green quiet strange fast light clean dry cool calm kind fine last back round open warm cold early"},
    {Place::noun,
     "dog cat house river woman child garden saw fish duck watch plant water light can will walk play dream hope fear love drink smell fly bear ring "
     "train park point face cold back round fine kind work sound rest mind match"},
    {Place::transitive,
     "see find saw watch plant water light clean dry cool calm love fear drink smell fish bear ring train park point face open round back mind match like"},
    {Place::intransitive, "sleep wait walk play dream fish fly ring work rest drink smell run laugh point train cool"},
    {Place::of_clause, "think say know hope fear dream mind see find"},
    {Place::auxiliary, "can will may must might should"},
    {Place::subject, "he she they we it i you"},
    {Place::object, "him her them us it me you"},
    {Place::preposition, "in near over under with behind down up by like round past"},
    {Place::adverb, "often slowly again down up near over fast back early past here"},
    {Place::conjunction, "and but or while"},
    {Place::that, "that"},
    {Place::relative, "that who which"},
    {Place::stop, "."},
};

/// Calls f(word) for each word of a choice.
template <class F>
constexpr void for_words(std::string_view words, F&& f) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        f(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
}

namespace detail {
/// All words, each once, and how many they are: the compiler reads the lexicon.
struct Vocabulary {
    std::array<std::string_view, 512> words{};
    std::size_t count = 0;

    constexpr Vocabulary() {
        for (const Choice& choice : lexicon)
            for_words(choice.words, [this](std::string_view word) {
                if (find(word) == count) words[count++] = word;
            });
    }
    constexpr std::size_t find(std::string_view word) const {
        std::size_t i = 0;
        while (i < count && words[i] != word) ++i;
        return i;
    }
};
inline constexpr Vocabulary all_words;
}  // namespace detail

inline constexpr xnn::index_t vocabulary = static_cast<xnn::index_t>(detail::all_words.count);
inline constexpr xnn::index_t tags = static_cast<xnn::index_t>(tag_names.size());

/// The word of a number, and the number of a word.
constexpr std::string_view word(std::int64_t number) { return detail::all_words.words[static_cast<std::size_t>(number)]; }
constexpr std::int64_t number_of(std::string_view word) { return static_cast<std::int64_t>(detail::all_words.find(word)); }

}  // namespace tagger
