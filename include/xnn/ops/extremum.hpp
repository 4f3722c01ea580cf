// max and min: of all elements, of two arrays, or along a dimension with positions.
// https://pytorch.org/docs/stable/generated/torch.max.html
#pragma once

#include "xnn/cpu/take.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"

namespace xnn {

/// x and positions along dimension Dim → the elements there. The gradient goes to them alone.
template <index_t Dim, bool Keep>
struct TakeRule {
    static constexpr std::string_view name = "max";
    using Result = ReduceRule<TakeRule, Keep, Dim>;

    template <std::size_t R>
    static constexpr auto extents(const Dims<R>& x, const auto&) { return Result::extents(x); }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&, const auto&) { return normalize_dim(Dim, R) < R; }

    NothingSaved forward(auto&, auto y, auto x, auto index) const {
        const auto [outer, n, inner] = AroundDim::of(x.shape.extents(), Dim);
        take_along(typename decltype(y)::device{}, x.data, index.data, y.data, outer, n, inner);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x, auto index) const {
        const auto [outer, n, inner] = AroundDim::of(x.shape.extents(), Dim);
        if (const auto gx = get<0>(targets))
            put_along(typename decltype(x)::device{}, gy, index.data, gx.data, gx.accumulate, outer, n, inner);
    }
};

/// The extreme elements along a dimension, and where they stand: `auto [values, indices] = max<1>(x);`
template <class Values, class Indices>
struct ExtremumResult {
    Values values;
    Indices indices;
};

namespace detail {
template <template <class> class Arg, bool Keep, index_t Dim, class X>
constexpr auto extremum(X&& x) {
    const auto node = operand(std::forward<X>(x));
    const auto shared = operand(node);  // used twice
    const auto position = reduce_by<Arg, Keep, Dim>(shared);
    auto indices = operand(position);
    auto values = apply(TakeRule<Dim, Keep>{}, shared, indices);
    return ExtremumResult<decltype(values), decltype(indices)>{std::move(values), std::move(indices)};
}
}  // namespace detail

/// The largest element of all.
template <Array X>
constexpr auto max(X&& x) { return amax(std::forward<X>(x)); }
/// The smallest element of all.
template <Array X>
constexpr auto min(X&& x) { return amin(std::forward<X>(x)); }
/// The larger of two, element by element.
template <class A, class B>
    requires ArrayPair<A, B>
constexpr auto max(A&& a, B&& b) { return maximum(std::forward<A>(a), std::forward<B>(b)); }
/// The smaller of two, element by element.
template <class A, class B>
    requires ArrayPair<A, B>
constexpr auto min(A&& a, B&& b) { return minimum(std::forward<A>(a), std::forward<B>(b)); }
/// The largest elements along dimension Dim and their positions; the gradient goes to the first of equal ones.
template <index_t Dim, Array X>
constexpr auto max(X&& x) { return detail::extremum<kernels::ArgMaxReducer, false, Dim>(std::forward<X>(x)); }
template <index_t Dim, Array X>
constexpr auto max(X&& x, KeepDim) { return detail::extremum<kernels::ArgMaxReducer, true, Dim>(std::forward<X>(x)); }
/// The smallest elements along dimension Dim and their positions; the gradient goes to the first of equal ones.
template <index_t Dim, Array X>
constexpr auto min(X&& x) { return detail::extremum<kernels::ArgMinReducer, false, Dim>(std::forward<X>(x)); }
template <index_t Dim, Array X>
constexpr auto min(X&& x, KeepDim) { return detail::extremum<kernels::ArgMinReducer, true, Dim>(std::forward<X>(x)); }

}  // namespace xnn
