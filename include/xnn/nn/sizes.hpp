// Sizes as template arguments.
#pragma once

#include "xnn/core/config.hpp"
#include "xnn/core/error.hpp"

namespace xnn::nn {

/// A size for each dimension, or one number for all, as PyTorch's int-or-tuple arguments.
struct Sizes {
    index_t first;
    index_t second = 0;  // not an array: what a compiler prints of a layer's type shall be short
    index_t third = 0;
    int count = 1;

    constexpr Sizes(index_t all) : first(all), second(all), third(all) {}
    constexpr Sizes(index_t a, index_t b) : first(a), second(b), count(2) {}
    constexpr Sizes(index_t a, index_t b, index_t c) : first(a), second(b), third(c), count(3) {}
    /// From all members, as nvcc writes a template argument in the source that it hands on.
    constexpr Sizes(index_t a, index_t b, index_t c, int n) : first(a), second(b), third(c), count(n) {}

    template <std::size_t Rank>
    constexpr Dims<Rank> dims() const {
        if (count != 1 && count != static_cast<int>(Rank)) fail("Sizes", "one number or one for each dimension", std::to_string(count));
        const index_t values[] = {first, second, third};
        Dims<Rank> result{};
        for (std::size_t i = 0; i < Rank; ++i) result[i] = values[i];
        return result;
    }
    /// The sizes of these dimensions.
    template <std::size_t Rank>
    static constexpr Sizes of(const Dims<Rank>& dims) {
        static_assert(Rank >= 1 && Rank <= 3);
        if constexpr (Rank == 1)
            return {dims[0]};
        else if constexpr (Rank == 2)
            return {dims[0], dims[1]};
        else
            return {dims[0], dims[1], dims[2]};
    }
    friend constexpr bool operator==(const Sizes&, const Sizes&) = default;
};

}  // namespace xnn::nn
