// Sizes as template arguments.
#pragma once

#include "xnn/core/config.hpp"
#include "xnn/core/error.hpp"

namespace xnn::nn {

/// A size for each dimension, or one number for all, as PyTorch's int-or-tuple arguments.
struct Sizes {
    index_t values[3];
    int count;

    constexpr Sizes(index_t all) : values{all, all, all}, count(1) {}
    constexpr Sizes(index_t a, index_t b) : values{a, b, 0}, count(2) {}
    constexpr Sizes(index_t a, index_t b, index_t c) : values{a, b, c}, count(3) {}

    template <std::size_t Rank>
    constexpr Dims<Rank> dims() const {
        if (count != 1 && count != static_cast<int>(Rank)) fail("Sizes", "one number or one for each dimension", std::to_string(count));
        Dims<Rank> result{};
        for (std::size_t i = 0; i < Rank; ++i) result[i] = values[i];
        return result;
    }
    friend constexpr bool operator==(const Sizes&, const Sizes&) = default;
};

}  // namespace xnn::nn
