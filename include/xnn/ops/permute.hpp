// Dimensions in another order. https://pytorch.org/docs/stable/generated/torch.permute.html
#pragma once

#include "xnn/cpu/permute.hpp"
#include "xnn/expr/view.hpp"

namespace xnn {

/// Dimension i of the result is dimension D[i] of x. Copies: whole rows stay together or blocks are turned over, so that what
/// follows reads memory in order.
template <index_t... D>
struct PermuteRule {
    static constexpr std::string_view name = "permute";
    static constexpr std::size_t rank = sizeof...(D);
    static constexpr FixedArray<std::size_t, rank> order{normalize_dim(D, rank)...};

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) {
        if constexpr (R == rank) {
            FixedArray<int, R + 1> times{};
            for (std::size_t d : order)
                if (d >= R || ++times[d] > 1) return false;
        }
        return R == rank;
    }
    static constexpr Dims<rank> extents(const Dims<rank>& x) {
        Dims<rank> result{};
        for (std::size_t i = 0; i < rank; ++i) result[i] = x[order[i]];
        return result;
    }

    NothingSaved forward(auto&, auto y, auto x) const {
        permute_copy(typename decltype(y)::device{}, x.data, y.data, x.shape.extents(), order);
        return {};
    }
    template <class T>
    void backward(auto& arena, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto gx = get<0>(targets);
        if (!gx) return;
        FixedArray<std::size_t, rank> inverse{};
        for (std::size_t i = 0; i < rank; ++i) inverse[order[i]] = i;
        T* turned = gx.accumulate ? arena.template allocate<T>(x.size()) : gx.data;
        permute_copy(typename decltype(x)::device{}, gy, turned, extents(x.shape.extents()), inverse);
        if (gx.accumulate) assign(typename decltype(x)::device{}, gx, Ptr<T>(turned), x.shape.extents());
    }

    /// The same as a view, where the last dimension stays.
    template <std::size_t R>
    struct For {
        static constexpr std::size_t split = [] {
            std::size_t i = rank;
            while (i > 0 && order[i - 1] == i - 1) --i;
            return i;
        }();
        static constexpr RowKind kind = RowKind::contiguous;
        static constexpr bool covers = true;
        constexpr For(PermuteRule) {}
        static constexpr Dims<rank> strides(const Dims<rank>& from) { return extents(contiguous_strides(from)); }
        static constexpr index_t offset(const Dims<rank>&) { return 0; }
    };
};

namespace detail {
/// The permutation of R dimensions that exchanges two.
template <index_t A, index_t B, class Indices>
struct exchange;
template <index_t A, index_t B, std::size_t... I>
struct exchange<A, B, std::index_sequence<I...>> {
    static constexpr std::size_t a = normalize_dim(A, sizeof...(I)), b = normalize_dim(B, sizeof...(I));
    using type = PermuteRule<static_cast<index_t>(I == a ? b : I == b ? a : I)...>;
};

template <class Rule, class X>
constexpr auto permute_by(X&& x) {
    if constexpr (Rule::rank > 0 && Rule::order.back() + 1 == Rule::rank)
        return view_by(Rule{}, std::forward<X>(x));
    else
        return apply(Rule{}, std::forward<X>(x));
}
}  // namespace detail

/// x with its dimensions in the order Dim.
template <index_t... Dim, Array X>
constexpr auto permute(X&& x) { return detail::permute_by<PermuteRule<Dim...>>(std::forward<X>(x)); }
/// x with two dimensions exchanged. https://pytorch.org/docs/stable/generated/torch.transpose.html
template <index_t A, index_t B, Array X>
constexpr auto transpose(X&& x) {
    return detail::permute_by<typename detail::exchange<A, B, std::make_index_sequence<shape_t<operand_t<X>>::rank>>::type>(std::forward<X>(x));
}

}  // namespace xnn
