// Elements picked along a dimension by indices. https://pytorch.org/docs/stable/generated/torch.gather.html
#pragma once

#include "xnn/cpu/gather.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/ops/indices.hpp"

namespace xnn {

/// x [*], index [*] → as index, whose extents are at most x's, but along Dim.
template <index_t Dim>
struct GatherRule {
    static constexpr std::string_view name = "gather";
    template <class T, class I>
    using value_type = T;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>&, const Dims<R>& index) { return index; }
    template <std::size_t A, std::size_t B>
    static constexpr bool accepts(const Dims<A>& x, const Dims<B>& index) {
        if constexpr (A == B)
            for (std::size_t d = 0; d < A; ++d)
                if (d != normalize_dim(Dim, A) && x[d] != dyn && index[d] != dyn && index[d] > x[d]) return false;
        return A == B && normalize_dim(Dim, A) < A;
    }

    void check(auto x, auto index) const { detail::require_indices(name, index, AroundDim::of(x.shape.extents(), Dim).n); }
    NothingSaved forward(auto&, auto y, auto x, auto index) const {
        gather_forward(typename decltype(y)::device{}, x.data, index.data, y.data, places(x, index));
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x, auto index) const {
        if (const auto gx = get<0>(targets))
            gather_backward(typename decltype(x)::device{}, gy, index.data, gx.data, gx.accumulate, places(x, index));
    }

private:
    static auto places(auto x, auto index) {
        constexpr std::size_t rank = decltype(x)::shape_type::rank;
        return kernels::GatherExtents<rank>{index.shape.extents(), x.shape.extents(), normalize_dim(Dim, rank)};
    }
};

/// y[i, j, k] = x[i, index[i, j, k], k] for Dim = 1, and so on: one element for each index, whose array has x's number of
/// dimensions and is nowhere longer but along Dim. Throws Error for an index that is not in [0, extent).
template <index_t Dim, Array X, Array I>
constexpr auto gather(X&& x, I&& index) {
    return apply(GatherRule<Dim>{}, std::forward<X>(x), std::forward<I>(index));
}

/// x [*], index [n] → x with n in the place of extent Dim.
template <index_t Dim>
struct IndexSelectRule {
    static constexpr std::string_view name = "index_select";
    template <class T, class I>
    using value_type = T;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x, const Dims<1>& index) {
        Dims<R> result = x;
        result[normalize_dim(Dim, R)] = index[0];
        return result;
    }
    template <std::size_t A, std::size_t B>
    static constexpr bool accepts(const Dims<A>&, const Dims<B>&) { return B == 1 && normalize_dim(Dim, A) < A; }

    void check(auto x, auto index) const { detail::require_indices(name, index, AroundDim::of(x.shape.extents(), Dim).n); }
    NothingSaved forward(auto&, auto y, auto x, auto index) const {
        const auto [outer, n, inner] = AroundDim::of(x.shape.extents(), Dim);
        index_select_forward(typename decltype(y)::device{}, x.data, index.data, y.data, outer, n, index.size(), inner);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x, auto index) const {
        const auto [outer, n, inner] = AroundDim::of(x.shape.extents(), Dim);
        if (const auto gx = get<0>(targets))
            index_select_backward(typename decltype(x)::device{}, gy, index.data, gx.data, gx.accumulate, outer, n, index.size(), inner);
    }
};

/// The slices of x along dimension Dim that a list of indices names, in its order. Throws Error for an index that is not in
/// [0, extent). https://pytorch.org/docs/stable/generated/torch.index_select.html
template <index_t Dim, Array X, Array I>
constexpr auto index_select(X&& x, I&& index) {
    return apply(IndexSelectRule<Dim>{}, std::forward<X>(x), std::forward<I>(index));
}

}  // namespace xnn
