// A text as numbers: what the network learns from, and what it is judged by.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <xnn/core/config.hpp>

namespace char_gpt {

using Tokens = std::vector<std::int64_t>;

/// The characters that the network knows, in the order of their codes.
class Alphabet {
public:
    /// Those of a text. Throws xnn::Error unless there are as many as the network knows.
    explicit Alphabet(std::string_view text);

    /// Throws xnn::Error for a character that is not in the alphabet.
    Tokens encode(std::string_view text) const;
    char decode(xnn::index_t token) const { return characters_[static_cast<std::size_t>(token)]; }
    const std::string& characters() const { return characters_; }

private:
    std::string characters_;
    std::array<std::int64_t, 256> tokens_;
};

/// A text, of which the last tenth is kept for validation.
class Corpus {
public:
    /// Reads the file; `limit` characters of it, or all (0).
    Corpus(const std::filesystem::path& path, xnn::index_t limit);

    const Alphabet& alphabet() const { return alphabet_; }
    std::span<const std::int64_t> training() const { return std::span(tokens_).first(training_size()); }
    std::span<const std::int64_t> validation() const { return std::span(tokens_).subspan(training_size()); }

private:
    Corpus(const std::string& text, xnn::index_t limit);
    std::size_t training_size() const { return tokens_.size() / 10 * 9; }
    Alphabet alphabet_;
    Tokens tokens_;
};

}  // namespace char_gpt
