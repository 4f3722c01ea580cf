// A call of a module whose hooks run.
#pragma once

#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "xnn/nn/hooks/backward.hpp"
#include "xnn/nn/module.hpp"

namespace xnn::nn {

namespace detail {

template <class E>
using hooked_handle = HookedHandle<value_t<E>, shape_t<E>, device_t<E>, E::requires_grad, is_inference<E>>;

/// An expression by a name that asks for hooks.
template <class E>
auto hooked_handle_of(const E& e) {
    const auto handle = handle_of(e);
    return hooked_handle<E>(Ref<ValueNode<value_t<E>, device_t<E>>>(&handle.node()), handle.shape());
}

/// Inputs or outputs of a call, which are handles, for hooks to see and replace.
template <class... H>
class HookedArrays {
    using Indices = std::index_sequence_for<H...>;

public:
    explicit HookedArrays(H... handles) : handles_(std::move(handles)...) {}

    /// Their values, computed now.
    std::vector<HookArray> show() const {
        std::vector<HookArray> arrays;
        std::apply([&](const H&... handle) { (arrays.push_back(show(handle)), ...); }, handles_);
        return arrays;
    }
    /// Makes what hooks have left there the values.
    void replace(const std::vector<HookArray>& arrays) { replace(Indices{}, arrays); }

    static constexpr bool any_gradient = (H::requires_grad || ...);
    using device = typename xnn::detail::common_device<H...>::type;
    /// Sends the gradients of those that have some through a gate; false if none has.
    template <class Device>
    bool pass_through(const Ref<GradientGate<Device>>& gate) { return pass_through(Indices{}, gate); }

    std::tuple<H...>& handles() { return handles_; }

private:
    template <class Handle>
    static HookArray show(const Handle& handle) {
        evaluate(handle);
        return HookArray(node_of(handle), extents_of(handle.shape()));
    }
    template <class Handle>
    static Ref<ValueNode<value_t<Handle>, device_t<Handle>>> node_of(const Handle& handle) {
        return Ref<ValueNode<value_t<Handle>, device_t<Handle>>>(&handle.node());
    }
    template <std::size_t... I>
    void replace(std::index_sequence<I...>, const std::vector<HookArray>& arrays) {
        (replace(std::get<I>(handles_), arrays[I], requires_grad_[I]), ...);
    }
    template <class Handle>
    static void replace(Handle& handle, const HookArray& array, bool& requires_grad) {
        const auto& node = array.node_of<value_t<Handle>, device_t<Handle>>(extents_of(handle.shape()));
        if (node.get() == &handle.node()) return;
        handle = Handle(node, handle.shape());
        requires_grad = array.requires_grad();
    }
    template <std::size_t... I, class Device>
    bool pass_through(std::index_sequence<I...>, const Ref<GradientGate<Device>>& gate) {
        return (static_cast<int>(pass_through(std::get<I>(handles_), requires_grad_[I], gate)) + ...) > 0;
    }
    template <class Handle, class Device>
    static bool pass_through(Handle& handle, bool requires_grad, const Ref<GradientGate<Device>>& gate) {
        using T = value_t<Handle>;
        if constexpr (Handle::requires_grad) {
            if (requires_grad) {
                Ref<ValueNode<T, Device>> gated(new GatedNode<T, Device>(node_of(handle), extents_of(handle.shape()), gate));
                handle = Handle(gated, handle.shape());
                evaluate(handle);  // now, so that its turn on the way back comes before the gate's
                return true;
            }
        }
        gate->template add<T>(extents_of(handle.shape()), {});
        return false;
    }

    std::tuple<H...> handles_;
    std::array<bool, sizeof...(H)> requires_grad_{H::requires_grad...};
};

/// What a forward returns, taken apart into handles and put together again: an expression, or a template of expressions such
/// as std::tuple and LSTMResult. Hooks see nothing of other results.
template <class Result>
struct HookedResult {
    static auto handles(Result&&) { return HookedArrays<>(); }
    static constexpr bool is_known = false;
};
template <Expression E>
struct HookedResult<E> {
    static auto handles(E&& result) { return HookedArrays<hooked_handle<E>>(hooked_handle_of(result)); }
    template <class H>
    static auto join(H&& handle) { return std::forward<H>(handle); }
    static constexpr bool is_known = true;
};
template <template <class...> class Results, Expression... E>
    requires(!Expression<Results<E...>>)
struct HookedResult<Results<E...>> {
    static auto handles(Results<E...>&& results) {
        return take(std::move(results), std::index_sequence_for<E...>{});
    }
    template <class... H>
    static auto join(H&&... handles) { return Results<std::remove_cvref_t<H>...>{std::forward<H>(handles)...}; }
    static constexpr bool is_known = true;

private:
    template <std::size_t... I>
    static auto take(Results<E...>&& results, std::index_sequence<I...>) {
        if constexpr (requires { std::tuple_size<Results<E...>>::value; }) {
            return HookedArrays<hooked_handle<E>...>(hooked_handle_of(std::get<I>(results))...);
        } else if constexpr (sizeof...(E) == 2) {
            const auto& [a, b] = results;
            return HookedArrays<hooked_handle<E>...>(hooked_handle_of(a), hooked_handle_of(b));
        } else {
            const auto& [a, b, c] = results;
            return HookedArrays<hooked_handle<E>...>(hooked_handle_of(a), hooked_handle_of(b), hooked_handle_of(c));
        }
    }
};

}  // namespace detail

/// A call with hooked inputs, in PyTorch's order: hooks before, the gate for the gradients of inputs, forward, hooks behind, the
/// gate for those of outputs. Every result has a name, so that its type is the same with hooks and without.
template <class M, class... E>
auto call_hooked(const M& module, E&&... x) {
    const ModuleRef ref(const_cast<M&>(module));
    const auto pre = detail::hook_lists().forward_pre.of(ref);
    const auto post = detail::hook_lists().forward.of(ref);
    const auto backward = std::make_shared<detail::BackwardHooks>(ref);
    const bool watched = !backward->pre.empty() || !backward->post.empty();

    detail::HookedArrays<detail::hooked_handle<E>...> inputs(detail::hooked_handle_of(x)...);
    std::vector<HookArray> seen;
    if (!pre.empty() || !post.empty() || watched) seen = inputs.show();
    for (const auto& hook : pre) (*hook)(ref, seen);
    if (!pre.empty()) inputs.replace(seen);
    bool has_input_gate = false;
    if constexpr (inputs.any_gradient) {
        using Device = typename decltype(inputs)::device;
        if (watched) has_input_gate = inputs.pass_through(Ref<detail::GradientGate<Device>>(new detail::InputGate<Device>(backward)));
    }

    auto result = std::apply([&](auto&... input) { return module.forward(std::move(input)...); }, inputs.handles());
    using Result = detail::HookedResult<decltype(result)>;
    if constexpr (!Result::is_known) {
        return result;
    } else {
        auto outputs = Result::handles(std::move(result));
        if (!post.empty()) {
            auto made = outputs.show();
            for (const auto& hook : post) (*hook)(ref, seen, made);
            outputs.replace(made);
        }
        if constexpr (outputs.any_gradient) {
            using Device = typename decltype(outputs)::device;
            if (watched) {
                outputs.show();
                outputs.pass_through(Ref<detail::GradientGate<Device>>(new detail::OutputGate<Device>(backward, sizeof...(E), has_input_gate)));
            }
        }
        return std::apply([](auto&... output) { return Result::join(std::move(output)...); }, outputs.handles());
    }
}

/// x, with which modules run their hooks: `model(nn::hooked(x))`. So do those in it, and all that is computed from x. On this
/// way every module's result stands in memory, and layers do not fuse with each other; other calls of the same model do.
template <Array X>
constexpr auto hooked(X&& x) {
    using E = operand_t<X>;
    if constexpr (is_invalid<E> || is_meta<E>)
        return operand(std::forward<X>(x));
    else
        return detail::hooked_handle_of(operand(std::forward<X>(x)));
}

}  // namespace xnn::nn
