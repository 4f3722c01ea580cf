#include "writer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace char_gpt {

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

}  // namespace char_gpt
