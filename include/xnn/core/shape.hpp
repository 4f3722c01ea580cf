// Shapes as types: extents that are numbers where they are known and `dyn` where a run decides.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

#include "xnn/core/config.hpp"
#include "xnn/core/error.hpp"

namespace xnn {

/// An extent that is known only when the program runs: a batch size, a sequence length.
inline constexpr index_t dyn = -1;

/// True unless both extents are known and differ.
constexpr bool fits(index_t expected, index_t got) { return expected == dyn || got == dyn || expected == got; }

/// `fits` for each pair of extents.
template <std::size_t Rank>
constexpr bool fits(const Dims<Rank>& expected, const Dims<Rank>& got) {
    for (std::size_t i = 0; i < Rank; ++i)
        if (!fits(expected[i], got[i])) return false;
    return true;
}
template <std::size_t A, std::size_t B>
    requires(A != B)
constexpr bool fits(const Dims<A>&, const Dims<B>&) { return false; }

/// Extents as a type, each a number or `dyn`, as std::extents. Only the `dyn` ones are stored, so that a static shape is
/// empty.
template <index_t... D>
class Shape {
    static_assert(((D >= 0 || D == dyn) && ...), "an extent of a Shape is a number of elements or dyn");

public:
    static constexpr std::size_t rank = sizeof...(D);
    /// What the type knows: a number or `dyn` for each dimension.
    static constexpr Dims<rank> static_extents{D...};
    static constexpr std::size_t dynamic_rank = (std::size_t{0} + ... + (D == dyn ? 1 : 0));
    static constexpr bool is_static = dynamic_rank == 0;
    /// The number of elements, or `dyn`.
    static constexpr index_t static_size = is_static ? product(static_extents) : dyn;

    /// Extents that are `dyn` start at zero.
    constexpr Shape() = default;

    /// From the `dyn` extents alone, in order.
    template <std::convertible_to<index_t>... E>
        requires(sizeof...(E) == dynamic_rank && sizeof...(E) > 0)
    constexpr explicit(sizeof...(E) == 1) Shape(E... extents) : dynamic_{static_cast<index_t>(extents)...} {
        for (index_t extent : dynamic_)
            if (extent < 0) detail::fail_extent(extent);
    }

    /// From all extents; throws Error where one contradicts the type.
    constexpr explicit Shape(const Dims<rank>& extents) {
        if (!fits(static_extents, extents)) fail("Shape", to_text(static_extents), to_text(extents));
        if constexpr (!is_static)
            for (std::size_t i = 0, next = 0; i < rank; ++i)
                if (static_extents[i] == dyn) dynamic_[next++] = extents[i];
    }

    constexpr index_t extent(std::size_t dimension) const { return extents()[dimension]; }

    constexpr Dims<rank> extents() const {
        if constexpr (is_static) {
            return static_extents;
        } else {
            auto all = static_extents;
            for (std::size_t i = 0, next = 0; i < rank; ++i)
                if (all[i] == dyn) all[i] = dynamic_[next++];
            return all;
        }
    }

    /// The number of elements.
    constexpr index_t size() const { return product(extents()); }

    template <index_t... E>
    friend constexpr bool operator==(const Shape& a, const Shape<E...>& b) {
        if constexpr (sizeof...(D) == sizeof...(E))
            return a.extents() == b.extents();
        else
            return false;
    }

private:
    struct None {};  // std::array<T, 0> is not empty
    XNN_NO_UNIQUE_ADDRESS std::conditional_t<is_static, None, Dims<dynamic_rank>> dynamic_{};
};

namespace detail {
template <class>
inline constexpr bool is_shape = false;
template <index_t... D>
inline constexpr bool is_shape<Shape<D...>> = true;

template <const auto& Extents, class = std::make_index_sequence<std::remove_cvref_t<decltype(Extents)>{}.size()>>
struct shape_of_extents;
template <const auto& Extents, std::size_t... I>
struct shape_of_extents<Extents, std::index_sequence<I...>> {
    using type = Shape<Extents[I]...>;
};

template <class Rule, class... Shapes>
struct ruled {
    static constexpr auto extents = Rule::extents(Shapes::static_extents...);
    using type = typename shape_of_extents<extents>::type;
};
}  // namespace detail

template <class S>
concept AnyShape = detail::is_shape<std::remove_cvref_t<S>>;

/// The shape that a rule makes of others. `Rule::extents` is one constexpr function from extents to extents; here it sees
/// the types' extents, `dyn` among them, and apply_rule() runs it again on the numbers of a run.
template <class Rule, AnyShape... Shapes>
using ruled_shape = typename detail::ruled<Rule, Shapes...>::type;

/// The shape value that belongs to ruled_shape.
template <class Rule, AnyShape... Shapes>
constexpr auto apply_rule(const Shapes&... shapes) {
    using Result = ruled_shape<Rule, Shapes...>;
    if constexpr (Result::is_static)
        return Result{};
    else
        return Result(Rule::extents(shapes.extents()...));
}

/// An extent computed from another one; `dyn` stays `dyn`.
template <class F>
constexpr index_t map_extent(index_t extent, F f) { return extent == dyn ? dyn : f(extent); }

/// The product of a range of extents, `dyn` if one of them is.
template <std::size_t Rank>
constexpr index_t product_or_dyn(const Dims<Rank>& dims, std::size_t first, std::size_t last) {
    index_t result = 1;
    for (std::size_t i = first; i < last; ++i) {
        if (dims[i] == dyn) return dyn;
        result *= dims[i];
    }
    return result;
}

/// Extents of N dimensions, of which the first is a batch: 1 where there is none.
template <std::size_t N, std::size_t R>
    requires(R == N || R + 1 == N)
constexpr Dims<N> with_batch(const Dims<R>& dims) {
    Dims<N> result{1};
    std::copy(dims.begin(), dims.end(), result.end() - static_cast<index_t>(R));
    return result;
}
/// The last R extents.
template <std::size_t R, std::size_t N>
    requires(R <= N)
constexpr Dims<R> last_extents(const Dims<N>& dims) {
    Dims<R> result{};
    std::copy(dims.end() - static_cast<index_t>(R), dims.end(), result.begin());
    return result;
}

/// Counts a dimension from the end if it is negative, as PyTorch does.
constexpr std::size_t normalize_dim(index_t dim, std::size_t rank) {
    return static_cast<std::size_t>(dim < 0 ? dim + static_cast<index_t>(rank) : dim);
}

/// An array seen as (outer, n, inner) around one of its dimensions.
struct AroundDim {
    index_t outer, n, inner;

    template <std::size_t Rank>
    static constexpr AroundDim of(const Dims<Rank>& extents, index_t dimension) {
        const std::size_t dim = normalize_dim(dimension, Rank);
        return {product_or_dyn(extents, 0, dim), extents[dim], product_or_dyn(extents, dim + 1, Rank)};
    }
};

/// PyTorch's broadcasting of two extents: equal, or one of them 1. A `dyn` extent is never 1 by accident: it must equal
/// what it meets, unless that is 1. Returns -2 for a mismatch.
constexpr index_t broadcast_extent(index_t a, index_t b) {
    if (a == b || b == 1) return a;
    if (a == 1 || a == dyn) return b;
    return b == dyn ? a : -2;
}

/// The shape rule of broadcasting: shapes are aligned at their last dimension. A mismatch stands in the result as -2.
struct Broadcast {
    template <std::size_t A, std::size_t B>
    static constexpr auto extents(const Dims<A>& a, const Dims<B>& b) {
        constexpr std::size_t rank = std::max(A, B);
        Dims<rank> result{};
        for (std::size_t i = 0; i < rank; ++i) {
            const std::size_t from_end = rank - i;
            result[i] = broadcast_extent(from_end <= A ? a[A - from_end] : 1, from_end <= B ? b[B - from_end] : 1);
        }
        return result;
    }

    template <std::size_t A, std::size_t B>
    static constexpr bool accepts(const Dims<A>& a, const Dims<B>& b) {
        for (index_t extent : extents(a, b))
            if (extent == -2) return false;
        return true;
    }
};

/// Row-major strides in elements.
template <std::size_t Rank>
constexpr Dims<Rank> contiguous_strides(const Dims<Rank>& extents) {
    Dims<Rank> strides{};
    index_t stride = 1;
    for (std::size_t i = Rank; i-- > 0;) {
        strides[i] = stride;
        stride *= extents[i];
    }
    return strides;
}

}  // namespace xnn
