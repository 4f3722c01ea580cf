// Modules: objects that hold parameters and other modules, and apply themselves to expressions.
#pragma once

#include <string>
#include <type_traits>

#include "xnn/core/load_state.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/expr/assign.hpp"
#include "xnn/expr/parts.hpp"
#include "xnn/nn/module_ref.hpp"
#include "xnn/nn/visit.hpp"

namespace xnn::nn {

namespace detail {

/// Why a module cannot be applied to these shapes; void if it can, or does not say.
template <class M, class... S>
struct misfit {
    using type = void;
};
template <class M, class... S>
    requires requires { M::accepts(S::static_extents...); }
struct misfit<M, S...> : std::conditional_t<M::accepts(S::static_extents...), std::type_identity<void>,
                                            std::type_identity<Mismatch<M, typename M::expects, Got<S...>>>> {};

}  // namespace detail

namespace detail {

// References to what the caller made: every move of an expression on the way would be code of its own.
template <class M, class... E>
constexpr auto call_forward(const M& module, E&&... x) {
    return module.forward(std::move(x)...);
}
/// While costs are counted, a forward begins at none: its parameter may then be named without doubt about what is shared.
template <class M, class T, AnyShape S, MetaTraits Traits>
    requires(Traits.counted)
constexpr auto call_forward(const M& module, MetaLeaf<T, S, Traits>&& x) {
    return add_cost<Traits.cost>(module.forward(MetaLeaf<T, S, MetaTraits{true, Traits.stored, Traits.requires_grad, {}, Traits.takes_activation}>(x.shape(), x.ledger())));
}

/// A module that says `erases_shapes` runs its forward on types without extents, and shares what is compiled for it with
/// all such modules. The compiler has checked the shapes on Meta, and knows those of the result from there.
template <class M, class E>
    requires(M::erases_shapes && !is_meta<E> && !is_erased<E> && std::is_rvalue_reference_v<E&&>)
constexpr auto call_forward(const M& module, E&& x) {
    using Result = decltype(module(std::declval<MetaLeaf<value_t<E>, shape_t<E>>>()));
    auto erased = erase(operand(x));
    if constexpr (is_invalid<Result>) {
        return reject<typename Result::problem, false>();
    } else if constexpr (!is_erased<decltype(erased)>) {
        return module.forward(std::move(x));
    } else {
        const auto y = module.forward(std::move(erased));
        return operand(y).template retyped<shape_t<Result>, false>();
    }
}
/// Among such modules, one begins at a name: what computes its argument is no part of the types in it.
template <class M, class E>
    requires(M::erases_shapes && is_erased<E> && !E::is_leaf && std::is_rvalue_reference_v<E&&>)
constexpr auto call_forward(const M& module, E&& x) {
    return module.forward(x.share());
}

/// forward(), of which the recorder of a ledger is told.
template <class M, class... E>
constexpr auto call(const M& module, E&&... x) {
    if constexpr ((is_meta<E> || ...)) {
        const Ledger* ledger = xnn::detail::ledger_of(x...);
        Recorder* recorder = ledger ? ledger->recorder : nullptr;
        if (recorder) recorder->enter(&module, &type_key<M>);
        auto result = call_forward(module, std::move(x)...);
        if (recorder) {
            const auto extents = main_result(result).shape().extents();
            recorder->leave(extents.data(), extents.size());
        }
        return result;
    } else if constexpr ((is_hooked<E> || ...)) {
        return call_hooked(module, std::move(x)...);  // of nn/hooks.hpp, as hooked() is
    } else if constexpr (any_recorded<E...>) {
        [[maybe_unused]] const auto scope = recorder_of_t<E...>::enter(&module, &type_key<M>, x...);
        return call_forward(module, std::move(x)...);
    } else {
        if (hook_switch.calls) [[unlikely]]
            refuse_unhooked(&module, &type_key<M>);
        return call_forward(module, std::move(x)...);
    }
}

/// Tells hooks of a module or parameter that has come into a container under a name or number.
template <class Container, class Key, class Value>
void tell_added(Container& container, const Key& key, Value& value) {
    const auto name = [&] {
        if constexpr (std::is_integral_v<Key>)
            return std::to_string(key);
        else
            return std::string(key);
    };
    if constexpr (AnyModule<Value>) {
        if (hook_switch.module_added) hook_switch.module_added(container, name(), value);
    } else {
        if (hook_switch.parameter_added) hook_switch.parameter_added(container, name(), ParameterRef(Path{nullptr, name()}, value));
    }
}

}  // namespace detail

/// The base of every module: `struct Net : nn::Module<Net> { nn::Linear<4, 2> fc; auto forward(auto x) const { … } };`
///
/// Self is an aggregate (no constructors of its own; initialise members where they stand) with a `forward`; its parameters,
/// buffers and sub-modules are found by themselves and named as the members are.
/// https://pytorch.org/docs/stable/generated/torch.nn.Module.html
template <class Self>
struct Module {
    using xnn_module = void;

    /// forward() applied to nodes: arguments become expressions, so that a forward may use its parameters any number of times.
    template <Operand... X>
    constexpr auto operator()(X&&... x) const {
        using Problem = first_invalid_t<operand_t<X>...>;
        if constexpr (!std::is_void_v<Problem>) {
            return Problem{};
        } else {
            using Unfit = typename detail::misfit<Self, shape_t<operand_t<X>>...>::type;
            if constexpr (!std::is_void_v<Unfit>)
                return reject<Unfit, (is_meta<operand_t<X>> || ...)>();
            else
                return detail::call(self(), operand(std::forward<X>(x))...);
        }
    }

    /// Switches dropout, batch normalisation and whatever else has a member `training`.
    Self& train(bool mode = true) {
        visit_modules(self(), [mode](const Path&, auto& module) {
            if constexpr (requires { module.training = mode; }) module.training = mode;
        });
        return self();
    }
    Self& eval() { return train(false); }

    /// Forgets all gradients; or makes those that there are zeros, where they must keep their places (`set_to_none` false).
    void zero_grad(bool set_to_none = true) {
        detail::visit_parameters_in(self(), nullptr, [=](const Path&, auto& parameter) { parameter.zero_grad(set_to_none); });
    }

    /// Whether backward() computes gradients for the parameters in here.
    Self& requires_grad_(bool required = true) {
        detail::visit_parameters_in(self(), nullptr, [=](const Path&, auto& parameter) { parameter.requires_grad_(required); });
        return self();
    }

    /// Calls f(module) for every module in here, children first, then this one.
    template <class F>
    Self& apply(F&& f) {
        visit_children(self(), [&](const Path&, auto& child) { child.apply(f); });
        f(self());
        return self();
    }

    /// Moves parameters, their gradients if there are any, and buffers into POSIX shared memory, which processes that fork() makes
    /// from now on have in common. Throws Error if the system has none left, and then moves nothing. Needs core/shared_memory.hpp.
    Self& share_memory() {
        xnn::detail::share_memory<Self>([this](auto& moves) {
            visit_parameters(self(), [&](const Path&, auto& parameter) { parameter.add_to(moves); });
            visit_modules(self(), [&](const Path&, auto& module) {
                visit_own_buffers(module, nullptr, [&](const Path&, auto& buffer) { buffer.add_to(moves); });
            });
        });
        return self();
    }

    /// A copy, as the copy constructor makes it: with parameters and buffers of its own, ties among them kept, without gradients
    /// and hooks.
    Self clone() const { return self(); }

    /// All parameters with their names and gradients; a tied one by its first name only.
    std::vector<ParameterRef> parameters() { return ref().parameters(); }
    /// The names and memory of all parameters; a tied one by its first name only.
    StateDict named_parameters() { return ref().named_parameters(); }
    /// The names and memory of all buffers.
    StateDict named_buffers() { return ref().named_buffers(); }
    /// The names and memory of all parameters and persistent buffers, in PyTorch's order. Tied parameters stand under each name.
    /// With `keep_vars` entries of parameters say whether they require gradients, and where these stand.
    StateDict state_dict(const std::string& prefix = "", bool keep_vars = false) { return ref().state_dict(prefix, keep_vars); }
    /// The modules in this one, without those in them.
    std::vector<NamedModule> named_children() { return ref().named_children(); }
    std::vector<ModuleRef> children() { return detail::modules_of(named_children()); }
    /// This module, called "", and all in it, outside in.
    std::vector<NamedModule> named_modules() { return ref().named_modules(); }
    std::vector<ModuleRef> modules() { return detail::modules_of(named_modules()); }

    /// The parameter of this name, "fc.weight". Throws Error if there is none.
    ParameterRef get_parameter(std::string_view name) { return detail::find_named("get_parameter", parameters(), name); }
    /// The buffer of this name, "norm.running_mean". Throws Error if there is none.
    NamedBuffer get_buffer(std::string_view name) { return detail::find_named("get_buffer", named_buffers(), name); }
    /// The module of this name, "layers.0.fc"; "" is this one. Throws Error if there is none.
    ModuleRef get_submodule(std::string_view name) { return detail::find_named("get_submodule", named_modules(), name).module; }
    /// The same as what it is. Throws Error also if it is of another type.
    template <AnyModule M>
    M& get_submodule(std::string_view name) { return get_submodule(name).template get<M>(); }

    /// Copies the entries of another module's state dict. Throws one Error that lists all that are missing, unexpected (both
    /// only if `strict`) or of another type or shape, and then changes nothing.
    LoadResult load_state_dict(const StateDict& source, bool strict = true) {
        if (detail::hook_switch.load_state_dict) return detail::hook_switch.load_state_dict(ref(), source, strict);
        return load_state(source, ref().entries(), strict);
    }

    /// Functions that run when the module is called with hooked(x), when gradients pass it, and when its state is listed or
    /// loaded; the handle that this returns removes them: see nn/hooks.hpp.
    template <class... A>
    auto register_forward_pre_hook(A&&... hook) { return ref().register_forward_pre_hook(std::forward<A>(hook)...); }
    template <class... A>
    auto register_forward_hook(A&&... hook) { return ref().register_forward_hook(std::forward<A>(hook)...); }
    template <class... A>
    auto register_full_backward_pre_hook(A&&... hook) { return ref().register_full_backward_pre_hook(std::forward<A>(hook)...); }
    template <class... A>
    auto register_full_backward_hook(A&&... hook) { return ref().register_full_backward_hook(std::forward<A>(hook)...); }
    template <class... A>
    auto register_state_dict_pre_hook(A&&... hook) { return ref().register_state_dict_pre_hook(std::forward<A>(hook)...); }
    template <class... A>
    auto register_state_dict_post_hook(A&&... hook) { return ref().register_state_dict_post_hook(std::forward<A>(hook)...); }
    template <class... A>
    auto register_load_state_dict_pre_hook(A&&... hook) { return ref().register_load_state_dict_pre_hook(std::forward<A>(hook)...); }
    template <class... A>
    auto register_load_state_dict_post_hook(A&&... hook) { return ref().register_load_state_dict_post_hook(std::forward<A>(hook)...); }

private:
    ModuleRef ref() { return self(); }
    constexpr Self& self() { return static_cast<Self&>(*this); }
    constexpr const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace xnn::nn

namespace xnn {

/// x | module is module(x): a chain reads in the order in which it runs.
template <Array X, class Callable>
    requires requires(X&& x, const Callable& f) { f(std::forward<X>(x)); }
constexpr auto operator|(X&& x, const Callable& f) {
    return f(std::forward<X>(x));
}

}  // namespace xnn
