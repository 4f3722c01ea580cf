// Expressions without gradients: no code for a way back exists behind them.
#pragma once

#include "xnn/expr/operand.hpp"

namespace xnn {

/// The values of E, which nothing differentiates. With Inference, neither is anything that is computed from them.
template <class E, bool Inference>
class Detached : public Node<Detached<E, Inference>, value_t<E>, shape_t<E>, device_t<E>>, public StoredNode<Detached<E, Inference>> {
public:
    static constexpr bool requires_grad = false;
    static constexpr bool inference = Inference || is_inference<E>;
    static constexpr bool hooked = is_hooked<E>;
    using State = typename E::State;

    explicit Detached(E child) : child_(std::move(child)) {}

    decltype(auto) shape() const { return child_.shape(); }
    State forward(Arena<device_t<E>>& arena) const { return child_.forward(arena); }
    auto loader(const State& state) const { return child_.loader(state); }

private:
    E child_;
};

namespace detail {
template <bool Inference, class X>
constexpr auto detached(X&& x) {
    using E = operand_t<X>;
    if constexpr (is_invalid<E> || is_meta<E> || is_recorded<E>)
        return operand(std::forward<X>(x));
    else
        return Detached<E, Inference>(operand(std::forward<X>(x)));
}
}  // namespace detail

/// x as a constant: no gradient passes. https://pytorch.org/docs/stable/generated/torch.Tensor.detach.html
template <Array X>
constexpr auto detach(X&& x) { return detail::detached<false>(std::forward<X>(x)); }
/// x for inference: nothing that is computed from it has gradients, whatever parameters it meets.
template <Array X>
constexpr auto inference(X&& x) { return detail::detached<true>(std::forward<X>(x)); }
/// The same as inference(x): what is computed from x is computed as under torch.no_grad, and its type says so.
template <Array X>
constexpr auto no_grad(X&& x) { return detail::detached<true>(std::forward<X>(x)); }

}  // namespace xnn
