// The negative log-likelihood of log-probabilities.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
#pragma once

#include "xnn/cpu/nll_loss.hpp"
#include "xnn/ops/cross_entropy.hpp"

namespace xnn {

/// -w_t x_t at each row's target t: x [batch, classes, d…], targets [batch, d…], optionally a weight for each class.
template <Reduction R>
struct NllLossRule : ClassLossRule<R> {
    static constexpr std::string_view name = "nll_loss";
    index_t ignore_index = -100;

    template <std::size_t N, std::size_t M>
    static constexpr bool accepts(const Dims<N>& x, const Dims<M>& target, const auto&... weight) {
        return M + 1 == N && ClassLossRule<R>::accepts(x, target, weight...);
    }
    void check(auto x, auto target, auto...) const { this->require_targets(name, x, target, ignore_index); }

    auto forward(auto& arena, auto y, auto x, auto target, auto... weight) const {
        using T = typename decltype(x)::value_type;
        auto* divisor = arena.template allocate<compute_t<T>>(1);
        nll_loss_forward(typename decltype(y)::device{}, x.data, target.data, this->template pointer<T>(weight...), y.data, divisor,
                                  this->sizes(x), options());
        return static_cast<const compute_t<T>*>(divisor);
    }
    template <class T>
    void backward(auto&, const compute_t<T>* divisor, const auto& targets, const T* gy, const T*, auto x, auto target, auto... weight) const {
        const auto gx = get<0>(targets);
        nll_loss_backward(typename decltype(x)::device{}, target.data, this->template pointer<T>(weight...), gy, divisor, gx.data,
                                   gx.accumulate, this->sizes(x), options());
    }

private:
    CrossEntropyOptions options() const { return {R, 0, ignore_index}; }
};

namespace functional {

/// The negative log-likelihood of log-probabilities x [batch, classes, d…] and class indices [batch, d…]; one sample is
/// [classes] and [].
template <Reduction R = Reduction::mean, Operand X, Operand Target, Operand... Weight>
    requires(sizeof...(Weight) <= 1)
constexpr auto nll_loss(X&& x, Target&& target, NllLossRule<R> rule = {}, Weight&&... weight) {
    return apply(rule, std::forward<X>(x), std::forward<Target>(target), std::forward<Weight>(weight)...);
}

}  // namespace functional
}  // namespace xnn
