// Lets the network write.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <xnn/nn/convert.hpp>

#include "../devices.hpp"
#include "corpus.hpp"
#include "model.hpp"

namespace char_gpt {

/// How the next character is drawn.
struct WritingOptions {
    double temperature = 0.8;
    xnn::index_t top_k = 0;  ///< among the likeliest; 0: all
};

using Logits = xnn::Tensor<float, xnn::Shape<1, vocabulary>>;

/// A token, drawn by the probabilities that the logits stand for.
std::int64_t draw(const Logits& logits, const WritingOptions& options, float uniform);

/// The network with what it has read so far.
template <class Device>
class Reader {
public:
    explicit Reader(const Gpt<Device>& model) : model_(model) {}

    /// What follows these tokens, of which the network has read all but the last ones.
    Logits next(std::span<const std::int64_t> text) {
        if (cache_.length() == cache_.capacity || read_ == 0) {
            cache_.clear();
            read_ = text.size() - std::min(text.size(), static_cast<std::size_t>(context / 2));
        }
        const auto unread = text.subspan(read_);
        const xnn::Shape<1, xnn::dyn> shape(static_cast<xnn::index_t>(unread.size()));
        read_ = text.size();
        const xnn::TensorView<const std::int64_t, xnn::Shape<1, xnn::dyn>> tokens{unread.data(), shape};
        return xnn::to<xnn::Cpu>(model_.next_logits(examples::on<Device>(tokens), cache_));
    }

private:
    const Gpt<Device>& model_;
    typename Gpt<Device>::template Cache<> cache_;
    std::size_t read_ = 0;
};

/// Goes on from `prompt` with `length` more characters, drawn from this generator's numbers. When the network's context is full,
/// the older half is forgotten.
template <class Device>
std::string write(const Gpt<Device>& model, const Alphabet& alphabet, std::string_view prompt, xnn::index_t length, const WritingOptions& options,
                  xnn::Generator& generator) {
    Tokens text = alphabet.encode(prompt.empty() ? "\n" : prompt);
    const auto numbers = generator.draw(length);
    Reader<Device> reader(model);
    std::string written(prompt);
    for (xnn::index_t i = 0; i < length; ++i) {
        text.push_back(draw(reader.next(text), options, numbers.uniform(i)));
        written += alphabet.decode(text.back());
    }
    return written;
}

}  // namespace char_gpt
