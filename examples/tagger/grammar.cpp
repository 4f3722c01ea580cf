#include "grammar.hpp"

#include <xnn/core/generator.hpp>

#include "lexicon.hpp"

namespace tagger {

namespace {

/// Writes sentences: each rule of the grammar is a function.
class Writer {
public:
    explicit Writer(std::uint64_t seed) : numbers_{seed, 0} {}

    Sentence sentence() {
        sentence_ = {};
        clause(0);
        if (chance(20)) {
            put(Place::conjunction);
            clause(1);
        }
        put(Place::stop);
        return std::move(sentence_);
    }

private:
    void clause(int depth) {
        noun_phrase(depth, Place::subject);
        verb_phrase(depth);
    }
    void noun_phrase(int depth, Place pronoun) {
        if (chance(30)) return put(pronoun);
        if (!chance(10)) put(Place::determiner);
        while (chance(30)) put(Place::adjective);
        put(Place::noun);
        if (depth > 1) return;
        if (chance(20)) prepositional_phrase(depth + 1);
        if (chance(15)) {
            put(Place::relative);
            verb_phrase(depth + 1);
        }
    }
    void verb_phrase(int depth) {
        if (chance(35)) put(Place::auxiliary);
        if (chance(15)) put(Place::adverb);
        if (depth < 2 && chance(15)) {
            put(Place::of_clause);
            if (chance(70)) put(Place::that);
            return clause(depth + 1);
        }
        if (chance(65)) {
            put(Place::transitive);
            noun_phrase(depth + 1, Place::object);
        } else {
            put(Place::intransitive);
        }
        if (chance(25)) prepositional_phrase(depth + 1);
        if (chance(20)) put(Place::adverb);
    }
    void prepositional_phrase(int depth) {
        put(Place::preposition);
        noun_phrase(depth + 1, Place::object);
    }

    /// One of the words that may stand there.
    void put(Place place) {
        for (const Choice& choice : lexicon) {
            if (choice.place != place) continue;
            xnn::index_t count = 0;
            for_words(choice.words, [&](std::string_view) { ++count; });
            xnn::index_t left = below(count);
            for_words(choice.words, [&](std::string_view text) {
                if (left-- == 0) sentence_.words.push_back(number_of(text));
            });
        }
        sentence_.tags.push_back(static_cast<std::int64_t>(tag_of(place)));
    }
    bool chance(xnn::index_t percent) { return below(100) < percent; }
    xnn::index_t below(xnn::index_t n) { return static_cast<xnn::index_t>(numbers_.word(next_++) % static_cast<std::uint32_t>(n)); }

    xnn::RandomStream numbers_;
    xnn::index_t next_ = 0;
    Sentence sentence_;
};

}  // namespace

std::vector<Sentence> write_sentences(xnn::index_t count, std::uint64_t seed) {
    Writer writer(seed);
    std::vector<Sentence> sentences;
    for (xnn::index_t i = 0; i < count; ++i) sentences.push_back(writer.sentence());
    return sentences;
}

}  // namespace tagger
