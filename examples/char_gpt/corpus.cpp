#include "corpus.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <xnn/core/error.hpp>

#include "model.hpp"

namespace char_gpt {

namespace {

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file || text.empty()) xnn::fail(path.string(), "a text", "a file that cannot be read");
    return text;
}

std::size_t code(char character) { return static_cast<unsigned char>(character); }

}  // namespace

Alphabet::Alphabet(std::string_view text) {
    tokens_.fill(-1);
    for (char character : text) tokens_[code(character)] = 0;
    for (std::size_t c = 0; c < tokens_.size(); ++c)
        if (tokens_[c] == 0) {
            tokens_[c] = static_cast<std::int64_t>(characters_.size());
            characters_ += static_cast<char>(c);
        }
    if (characters_.size() != static_cast<std::size_t>(vocabulary))
        xnn::fail("alphabet", std::to_string(vocabulary) + " different characters", std::to_string(characters_.size()));
}

Tokens Alphabet::encode(std::string_view text) const {
    Tokens result;
    for (char character : text) {
        const std::int64_t token = tokens_[code(character)];
        if (token < 0) xnn::fail("alphabet", "characters of the plays", "'" + std::string(1, character) + "'");
        result.push_back(token);
    }
    return result;
}

Corpus::Corpus(const std::filesystem::path& path, xnn::index_t limit) : Corpus(read(path), limit) {}

Corpus::Corpus(const std::string& text, xnn::index_t limit)
    : alphabet_(text),
      tokens_(alphabet_.encode(std::string_view(text).substr(0, limit > 0 ? static_cast<std::size_t>(limit) : text.size()))) {
    // Both parts hold at least one sequence and the character that follows it.
    constexpr std::size_t least = 10 * (static_cast<std::size_t>(context) + 1);
    if (tokens_.size() < least) xnn::fail("corpus", "at least " + std::to_string(least) + " characters", std::to_string(tokens_.size()));
}

}  // namespace char_gpt
