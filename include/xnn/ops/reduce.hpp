// Reductions over all dimensions, `sum(x)`, or some, `sum<0, -1>(x)`; with `keepdim` reduced dimensions stay as extents of
// 1, `sum<1>(x, keepdim)`. https://pytorch.org/docs/stable/torch.html#reduction-ops
#pragma once

#include "xnn/cpu/reduce.hpp"
#include "xnn/expr/functors/comparison.hpp"
#include "xnn/expr/reduce.hpp"

namespace xnn {

/// The type of `keepdim`.
struct KeepDim {};
/// Keeps reduced dimensions as extents of 1.
inline constexpr KeepDim keepdim{};

#define XNN_REDUCTION(name, Reducer)                                                                                       \
    template <index_t... Dim, Array X>                                                                                     \
    constexpr auto name(X&& x) { return reduce_by<kernels::Reducer, false, Dim...>(std::forward<X>(x)); }                  \
    template <index_t... Dim, Array X>                                                                                     \
    constexpr auto name(X&& x, KeepDim) { return reduce_by<kernels::Reducer, true, Dim...>(std::forward<X>(x)); }
/// Σ x; integers and bool sum to int64
XNN_REDUCTION(sum, SumReducer)
/// Σ x / n
XNN_REDUCTION(mean, MeanReducer)
/// Π x; integers and bool multiply to int64
XNN_REDUCTION(prod, ProdReducer)
/// The largest element; equal ones share the gradient
XNN_REDUCTION(amax, MaxReducer)
/// The smallest element; equal ones share the gradient
XNN_REDUCTION(amin, MinReducer)
/// The position of the first largest element: along one dimension, or in row-major order
XNN_REDUCTION(argmax, ArgMaxReducer)
/// The position of the first smallest element: along one dimension, or in row-major order
XNN_REDUCTION(argmin, ArgMinReducer)
/// log Σ exp(x), without overflow
XNN_REDUCTION(logsumexp, LogSumExpReducer)
#undef XNN_REDUCTION

#define XNN_REDUCTION(name, Reducer, option, standard)                                                                     \
    template <index_t... Dim, Array X>                                                                                     \
    constexpr auto name(X&& x, double option = standard) {                                                                 \
        return reduce_by<kernels::Reducer, false, Dim...>(std::forward<X>(x), option);                                     \
    }                                                                                                                      \
    template <index_t... Dim, Array X>                                                                                     \
    constexpr auto name(X&& x, double option, KeepDim) {                                                                   \
        return reduce_by<kernels::Reducer, true, Dim...>(std::forward<X>(x), option);                                      \
    }                                                                                                                      \
    template <index_t... Dim, Array X>                                                                                     \
    constexpr auto name(X&& x, KeepDim) {                                                                                  \
        return reduce_by<kernels::Reducer, true, Dim...>(std::forward<X>(x), double{standard});                            \
    }
/// Σ (x - mean)² / (n - correction)
XNN_REDUCTION(var, VarReducer, correction, 1)
/// √var
XNN_REDUCTION(std, StdReducer, correction, 1)
/// (Σ |x|^p)^(1/p); p may be 0 or ±infinity. Its gradient at 0 is 0.
XNN_REDUCTION(norm, NormReducer, p, 2)
#undef XNN_REDUCTION

namespace detail {
/// Whether elements are not 0.
template <class X>
constexpr auto truth(X&& x) {
    if constexpr (std::same_as<value_t<operand_t<X>>, bool> || is_invalid<operand_t<X>>)
        return operand(std::forward<X>(x));
    else
        return map(functors::NotEqual{}, std::forward<X>(x), 0);
}
}  // namespace detail

#define XNN_REDUCTION(name, Reducer)                                                                                       \
    template <index_t... Dim, Array X>                                                                                     \
    constexpr auto name(X&& x) { return reduce_by<kernels::Reducer, false, Dim...>(detail::truth(std::forward<X>(x))); }   \
    template <index_t... Dim, Array X>                                                                                     \
    constexpr auto name(X&& x, KeepDim) {                                                                                  \
        return reduce_by<kernels::Reducer, true, Dim...>(detail::truth(std::forward<X>(x)));                               \
    }
/// Whether one element is not 0
XNN_REDUCTION(any, AnyReducer)
/// Whether all elements are not 0
XNN_REDUCTION(all, AllReducer)
/// How many elements are not 0
XNN_REDUCTION(count_nonzero, SumReducer)
#undef XNN_REDUCTION

}  // namespace xnn
