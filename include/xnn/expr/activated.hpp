// An operation and the activation behind it as one operation: the activation is applied where the result stands, and its
// derivative where the gradient stands, so that there is one array of each instead of two. A rule that can stand in front
// says `takes_activation`: its way back must not read its result, which is gone then.
#pragma once

#include "xnn/expr/operation.hpp"

namespace xnn {

namespace detail {

/// From the gradient of F's result and that result, the gradient of what F was applied to.
template <class F>
struct Slope {
    F f;
    template <class V>
    XNN_INLINE V operator()(V g, V y) const { return f.template backward<0>(g, y, y); }
};

}  // namespace detail

/// A Rule whose result goes through the functor F. Rules whose kernels know F take it along: apply_in_kernel(F) says so. Kernels
/// that take any functor have a way forward of their own: forward_through(F, arena, y, x…).
template <class Rule, class F>
struct Activated : Rule {
    static constexpr bool takes_activation = false;
    static constexpr bool in_kernel = requires(Rule rule, F f) { rule.apply_in_kernel(f); };
    XNN_NO_UNIQUE_ADDRESS F activation_functor;

    constexpr Activated(Rule rule, F f) : Rule(std::move(rule)), activation_functor(f) {
        if constexpr (in_kernel) this->apply_in_kernel(f);
    }

    auto forward(auto& arena, auto y, auto... x) const {
        if constexpr (requires { this->forward_through(activation_functor, arena, y, x...); }) {
            return this->forward_through(activation_functor, arena, y, x...);
        } else {
            auto saved = Rule::forward(arena, y, x...);
            using T = typename decltype(y)::value_type;
            if constexpr (!in_kernel) assign(typename decltype(y)::device{}, Target<T>{y.data}, map_loader(activation_functor, Ptr<T>(y.data)), Dims<1>{y.size()});
            return saved;
        }
    }

    /// Turns the gradient of the result into that of what the activation was applied to.
    template <class Device, class T>
    void differentiate_activation(Device device, T* gradient, const T* y, index_t size) const {
        assign(device, Target<T>{gradient}, map_loader(detail::Slope<F>{activation_functor}, Ptr<T>(gradient), Ptr<T>(y)), Dims<1>{size});
    }
};

namespace detail {

template <class Rule>
inline constexpr bool takes_activation = false;
template <class Rule>
    requires requires { Rule::takes_activation; }
inline constexpr bool takes_activation<Rule> = Rule::takes_activation;

/// Whether F, of one argument, keeps the dtype T and can be differentiated when the argument is gone, if it must be.
template <class F, class T, bool RequiresGrad>
inline constexpr bool works_in_place = false;
template <class F, class T, bool RequiresGrad>
    requires requires { F::needs_input; }
inline constexpr bool works_in_place<F, T, RequiresGrad> =
    (RequiresGrad ? F::needs_output && !F::needs_input : F::needs_output || F::needs_input) && (Floating<T> || !requires { F::wants_float; });

/// Whether a node of type E is an operation that F can be made a part of.
template <class F, class E>
inline constexpr bool is_activatable = false;
template <class F, class Rule, class T, class S, class Device, class... E>
inline constexpr bool is_activatable<F, Operation<Rule, T, S, Device, E...>> =
    takes_activation<Rule> && works_in_place<F, T, Operation<Rule, T, S, Device, E...>::requires_grad>;

}  // namespace detail
}  // namespace xnn
