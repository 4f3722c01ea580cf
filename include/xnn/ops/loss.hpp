// Losses that are pointwise, then reduced: each is one loop forward and one back.
// https://pytorch.org/docs/stable/nn.functional.html#loss-functions
#pragma once

#include "xnn/core/reduction.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/expr/functors/arithmetic.hpp"
#include "xnn/expr/functors/loss.hpp"
#include "xnn/ops/reduce.hpp"

namespace xnn {

/// The losses of single elements as PyTorch's `reduction` wants them.
template <Reduction R, class E>
constexpr auto reduce_loss(E&& losses) {
    if constexpr (is_invalid<std::remove_cvref_t<E>> || R == Reduction::none)
        return std::forward<E>(losses);
    else if constexpr (R == Reduction::mean)
        return mean(std::forward<E>(losses));
    else if constexpr (R == Reduction::sum)
        return sum(std::forward<E>(losses));
    else {
        static_assert(shape_t<E>::rank > 0, "batchmean: expected an array with a batch dimension");
        const auto batch = static_cast<double>(losses.shape().extents()[0]);
        return map(functors::Divide{}, sum(std::forward<E>(losses)), batch);
    }
}

/// A loss of which input and target must have the same shape.
template <class F>
struct SameShape {
    template <std::size_t A, std::size_t B>
    static constexpr bool accepts(const Dims<A>& x, const Dims<B>& target) { return fits(x, target); }
};

namespace detail {

template <class F, class X, class Target, class... Rest>
constexpr auto loss_of(F f, X&& x, Target&& target, Rest&&... rest) {
    using Problem = first_invalid_t<operand_t<X>, operand_t<Target>>;
    if constexpr (!std::is_void_v<Problem>) {
        return Problem{};
    } else if constexpr (!SameShape<F>::accepts(shape_t<operand_t<X>>::static_extents, shape_t<operand_t<Target>>::static_extents)) {
        return reject<Mismatch<F, Expects<shape_t<operand_t<X>>>, Got<shape_t<operand_t<Target>>>>, any_meta<X, Target>>();
    } else {
        const auto expected = shape_value(x).extents(), got = shape_value(target).extents();
        if (expected != got) fail(F::name, "a target of shape " + to_text(expected), to_text(got));
        return map(f, std::forward<X>(x), std::forward<Target>(target), std::forward<Rest>(rest)...);
    }
}

/// Each loss times a weight, if there is one.
template <Reduction R, class Losses, class... Weight>
constexpr auto weighted_loss(Losses&& losses, Weight&&... weight) {
    static_assert(sizeof...(Weight) <= 1);
    if constexpr (sizeof...(Weight) == 0)
        return reduce_loss<R>(std::forward<Losses>(losses));
    else
        return reduce_loss<R>(map(functors::Multiply{}, std::forward<Losses>(losses), std::forward<Weight>(weight)...));
}

}  // namespace detail

namespace functional {

/// (x - target)²; the two broadcast.
template <Reduction R = Reduction::mean, Operand X, Operand Target>
constexpr auto mse_loss(X&& x, Target&& target) {
    return reduce_loss<R>(map(functors::SquaredError{}, std::forward<X>(x), std::forward<Target>(target)));
}
/// |x - target|; the two broadcast.
template <Reduction R = Reduction::mean, Operand X, Operand Target>
constexpr auto l1_loss(X&& x, Target&& target) {
    return reduce_loss<R>(map(functors::AbsoluteError{}, std::forward<X>(x), std::forward<Target>(target)));
}
/// (x - target)² / (2 beta) below beta, |x - target| - beta / 2 above; the two broadcast.
template <Reduction R = Reduction::mean, Operand X, Operand Target>
constexpr auto smooth_l1_loss(X&& x, Target&& target, double beta = 1) {
    if (!(beta >= 0)) fail("smooth_l1_loss", "a beta of at least 0", std::to_string(beta));
    return reduce_loss<R>(map(functors::SmoothL1{beta}, std::forward<X>(x), std::forward<Target>(target)));
}
/// (x - target)² / 2 below delta, delta (|x - target| - delta / 2) above; the two broadcast.
template <Reduction R = Reduction::mean, Operand X, Operand Target>
constexpr auto huber_loss(X&& x, Target&& target, double delta = 1) {
    if (!(delta > 0)) fail("huber_loss", "a delta above 0", std::to_string(delta));
    return reduce_loss<R>(map(functors::Huber{delta}, std::forward<X>(x), std::forward<Target>(target)));
}
/// -(target log x + (1 - target) log(1 - x)) of probabilities x, no logarithm below -100; optionally a weight that broadcasts.
template <Reduction R = Reduction::mean, Operand X, Operand Target, Operand... Weight>
constexpr auto binary_cross_entropy(X&& x, Target&& target, Weight&&... weight) {
    return xnn::detail::weighted_loss<R>(xnn::detail::loss_of(functors::BinaryCrossEntropy{}, std::forward<X>(x), std::forward<Target>(target)),
                                         std::forward<Weight>(weight)...);
}
/// binary_cross_entropy of sigmoid(x), without overflow; optionally a weight that broadcasts.
template <Reduction R = Reduction::mean, Operand X, Operand Target, Operand... Weight>
constexpr auto binary_cross_entropy_with_logits(X&& x, Target&& target, Weight&&... weight) {
    return xnn::detail::weighted_loss<R>(
        xnn::detail::loss_of(functors::BinaryCrossEntropyWithLogits{}, std::forward<X>(x), std::forward<Target>(target)), std::forward<Weight>(weight)...);
}
/// The same with a weight of the positive answers that broadcasts.
template <Reduction R = Reduction::mean, Operand X, Operand Target, Operand PosWeight, Operand... Weight>
constexpr auto binary_cross_entropy_with_pos_weight(X&& x, Target&& target, PosWeight&& pos_weight, Weight&&... weight) {
    return xnn::detail::weighted_loss<R>(xnn::detail::loss_of(functors::BinaryCrossEntropyWithPositiveWeight{}, std::forward<X>(x),
                                                              std::forward<Target>(target), std::forward<PosWeight>(pos_weight)),
                                         std::forward<Weight>(weight)...);
}
/// target (log target - x) of log-probabilities x; with LogTarget the target is logarithms too.
template <Reduction R = Reduction::mean, bool LogTarget = false, Operand X, Operand Target>
constexpr auto kl_div(X&& x, Target&& target) {
    using F = std::conditional_t<LogTarget, functors::KlDivergenceOfLogs, functors::KlDivergence>;
    return reduce_loss<R>(map(F{}, std::forward<X>(x), std::forward<Target>(target)));
}

}  // namespace functional
}  // namespace xnn
