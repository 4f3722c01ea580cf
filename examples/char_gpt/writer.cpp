#include "writer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace char_gpt {

namespace {

using Logits = xnn::Tensor<float, xnn::Shape<1, vocabulary>>;

/// A token, drawn by the probabilities that the logits stand for.
std::int64_t draw(const Logits& logits, const WritingOptions& options, float uniform) {
    std::array<std::int64_t, vocabulary> order;
    std::iota(order.begin(), order.end(), std::int64_t{0});
    const auto kept = static_cast<std::ptrdiff_t>(options.top_k > 0 ? std::min(options.top_k, vocabulary) : vocabulary);
    std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](auto a, auto b) { return logits(0, a) > logits(0, b); });

    std::array<double, vocabulary> weights{};
    double sum = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(kept); ++i)
        sum += weights[i] = std::exp(static_cast<double>(logits(0, order[i]) - logits(0, order[0])) / options.temperature);
    double rest = static_cast<double>(uniform) * sum;
    for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(kept); ++i)
        if ((rest -= weights[i]) < 0) return order[i];
    return order[static_cast<std::size_t>(kept) - 1];
}

/// The network with what it has read so far.
class Reader {
public:
    explicit Reader(const Gpt& model) : model_(model) {}

    /// What follows these tokens, of which the network has read all but the last ones.
    Logits next(std::span<const std::int64_t> text) {
        if (cache_.length() == cache_.capacity || read_ == 0) {
            cache_.clear();
            read_ = text.size() - std::min(text.size(), static_cast<std::size_t>(context / 2));
        }
        const auto unread = text.subspan(read_);
        const xnn::Shape<1, xnn::dyn> shape(static_cast<xnn::index_t>(unread.size()));
        read_ = text.size();
        return model_.next_logits(xnn::TensorView<const std::int64_t, xnn::Shape<1, xnn::dyn>>{unread.data(), shape}, cache_);
    }

private:
    const Gpt& model_;
    Gpt::Cache<> cache_;
    std::size_t read_ = 0;
};

}  // namespace

std::string write(const Gpt& model, const Alphabet& alphabet, std::string_view prompt, xnn::index_t length, const WritingOptions& options,
                  xnn::Generator& generator) {
    Tokens text = alphabet.encode(prompt.empty() ? "\n" : prompt);
    const auto numbers = generator.draw(length);
    Reader reader(model);
    std::string written(prompt);
    for (xnn::index_t i = 0; i < length; ++i) {
        text.push_back(draw(reader.next(text), options, numbers.uniform(i)));
        written += alphabet.decode(text.back());
    }
    return written;
}

}  // namespace char_gpt
