// Dimensions added, removed, split and merged; the elements stay in their order, so nothing is computed.
// https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops
#pragma once

#include "xnn/ops/reshape.hpp"

namespace xnn {

namespace detail {

/// The dimensions that squeeze<D…> takes away from a shape.
template <AnyShape S, index_t... D>
struct Squeezed {
    static constexpr std::size_t rank = S::rank;
    static constexpr bool goes(std::size_t i) {
        return S::static_extents[i] == 1 && (sizeof...(D) == 0 || ((normalize_dim(D, rank) == i) || ...));
    }
    static constexpr std::size_t left = [] {
        std::size_t n = 0;
        for (std::size_t i = 0; i < rank; ++i) n += goes(i) ? 0 : 1;
        return n;
    }();
    static constexpr std::string_view name = "squeeze";
    static constexpr bool accepts(const Dims<rank>&) { return ((normalize_dim(D, rank) < rank) && ...); }
    static constexpr Dims<left> extents(const Dims<rank>& x) {
        Dims<left> result{};
        for (std::size_t i = 0, next = 0; i < rank; ++i)
            if (!goes(i)) result[next++] = x[i];
        return result;
    }
};

}  // namespace detail

/// A new dimension of extent 1 in front of dimension D of the result.
template <index_t D>
struct UnsqueezeRule {
    static constexpr std::string_view name = "unsqueeze";
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return normalize_dim(D, R + 1) <= R; }
    template <std::size_t R>
    static constexpr Dims<R + 1> extents(const Dims<R>& x) {
        Dims<R + 1> result{};
        for (std::size_t i = 0; i <= R; ++i) {
            const std::size_t at = normalize_dim(D, R + 1);
            result[i] = i < at ? x[i] : i == at ? 1 : x[i - 1];
        }
        return result;
    }
};

/// The elements of x, in row-major order, under the shape D…; one extent may be -1 and is deduced.
template <index_t... D, Array X>
constexpr auto reshape(X&& x) { return reshape_by<ReshapeRule<D...>>(std::forward<X>(x)); }
/// The elements of x under a shape, whose `dyn` extents this run knows: reshape(x, Shape<dyn, dyn, 8>(batch, steps)).
template <Array X, AnyShape S>
constexpr auto reshape(X&& x, const S& shape) { return reshape_by<ReshapeToRule<S>>(std::forward<X>(x), shape); }
/// The same as reshape.
template <index_t... D, Array X>
constexpr auto view(X&& x) { return reshape<D...>(std::forward<X>(x)); }
template <Array X, AnyShape S>
constexpr auto view(X&& x, const S& shape) { return reshape(std::forward<X>(x), shape); }
/// Dimensions First to Last as one.
template <index_t First = 0, index_t Last = -1, Array X>
constexpr auto flatten(X&& x) { return reshape_by<FlattenRule<First, Last>>(std::forward<X>(x)); }
/// Dimension Dim as several: unflatten<1, 3, -1>(x); one extent may be -1 and is deduced.
template <index_t Dim, index_t... D, Array X>
constexpr auto unflatten(X&& x) { return reshape_by<UnflattenRule<Dim, Shape<D...>>>(std::forward<X>(x)); }
/// Without the dimensions Dim (any, if none is given) whose extents are known to be 1.
template <index_t... Dim, Array X>
constexpr auto squeeze(X&& x) { return reshape_by<detail::Squeezed<shape_t<operand_t<X>>, Dim...>>(std::forward<X>(x)); }
/// With a new dimension Dim of extent 1.
template <index_t Dim, Array X>
constexpr auto unsqueeze(X&& x) { return reshape_by<UnsqueezeRule<Dim>>(std::forward<X>(x)); }

}  // namespace xnn
