// What a model costs, as constants of its type and as numbers of a run.
#pragma once

#include "xnn/nn/module.hpp"

namespace xnn {

namespace detail {

template <class T, AnyShape S>
using CountedLeaf = MetaLeaf<T, S, MetaTraits{.counted = true}>;

/// Counts as the operations of a call come; the value of the result is under a name at the end.
template <class M, class T, AnyShape S>
constexpr Cost count_calls(const M& model) {
    Ledger ledger;
    auto result = model(CountedLeaf<T, S>({}, &ledger));
    static_cast<void>(main_result(result).share());
    return ledger.total;
}

template <class M, class T, class S>
concept ConstexprForward = requires { typename std::integral_constant<index_t, count_calls<M, T, S>(undefined_object<M>()).flops>; };

template <class M, class T, class S>
constexpr Cost cost_of() {
    static_assert(S::is_static, "the cost of a model is a constant where all extents are");
    if constexpr (ConstexprForward<M, T, S>) {
        return count_calls<M, T, S>(undefined_object<M>());
    } else {
        using Whole = decltype(std::declval<const M&>()(CountedLeaf<T, S>{}));
        using Result = std::remove_cvref_t<decltype(main_result(std::declval<Whole&>()))>;
        static_assert(!is_invalid<Result>, "the model does not accept this shape");
        constexpr Cost cost = Result::traits.cost + Result::materialized();
        static_assert(cost.exact, "this forward gives names to intermediate results: declare it constexpr to count it as a constant");
        return cost;
    }
}

}  // namespace detail

/// The floating-point operations of a forward pass, in products and convolutions: two for each multiply-add.
template <class Model, AnyShape Input, class T = float>
inline constexpr index_t flops = detail::cost_of<Model, T, Input>().flops;

/// The most bytes that a forward and a backward pass take: results, what is kept for the way back, and gradients on the way; without
/// the parameters and their gradients. Exact where no intermediate result has a name: gradients of names do not all live at once.
template <class Model, AnyShape Input, class T = float>
inline constexpr index_t workspace_bytes = detail::cost_of<Model, T, Input>().forward_bytes + detail::cost_of<Model, T, Input>().backward_bytes;

/// The same for a model at hand, whatever its forward does.
template <AnyShape Input, class T = float, class Model>
Cost cost_of(const Model& model) {
    return detail::count_calls<Model, T, Input>(model);
}

}  // namespace xnn
