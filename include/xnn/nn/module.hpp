// Modules: objects that hold parameters and other modules, and apply themselves to expressions.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <vector>

#include "xnn/core/load_state.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/expr/assign.hpp"
#include "xnn/expr/parts.hpp"
#include "xnn/nn/members.hpp"

namespace xnn::nn {

/// A tensor that belongs to a module's state but is not learned, such as running statistics. A forward may change it.
template <Element T, AnyShape S, class Device = Cpu>
class Buffer {
public:
    using value_type = T;

    Buffer() : Buffer(Tensor<T, S, Device>{}) {}
    explicit Buffer(Tensor<T, S, Device> value) : value_(std::make_unique<Tensor<T, S, Device>>(std::move(value))) {}
    Buffer(const Buffer& other) : Buffer(*other.value_) {}
    Buffer(Buffer&&) noexcept = default;
    Buffer& operator=(const Buffer& other) {
        *value_ = *other.value_;
        return *this;
    }
    Buffer& operator=(Buffer&&) noexcept = default;

    Tensor<T, S, Device>& value() const { return *value_; }
    T* data() const { return value_->data(); }
    const S& shape() const { return value_->shape(); }

private:
    std::unique_ptr<Tensor<T, S, Device>> value_;
};

namespace detail {
template <class T>
inline constexpr bool is_parameter = false;
template <class T, class S, class D>
inline constexpr bool is_parameter<Parameter<T, S, D>> = true;
template <class T>
inline constexpr bool is_buffer = false;
template <class T, class S, class D>
inline constexpr bool is_buffer<Buffer<T, S, D>> = true;
template <class T>
inline constexpr bool is_module_list = false;
template <class T, std::size_t N>
inline constexpr bool is_module_list<std::array<T, N>> = requires { typename T::xnn_module; };
template <class T>
inline constexpr bool is_module_list<std::vector<T>> = requires { typename T::xnn_module; };
}  // namespace detail

/// A type derived from Module<itself>.
template <class M>
concept AnyModule = requires { typename std::remove_cvref_t<M>::xnn_module; };

/// Calls f(name, member) for each data member of a module, in order. Containers, and layers whose members a base holds, say
/// themselves what their members are.
template <class M, class F>
constexpr void visit_members(M& module, F&& f) {
    using Plain = std::remove_const_t<M>;
    if constexpr (requires { Plain::visit_own_members(module, f); }) {
        Plain::visit_own_members(module, f);
    } else if constexpr (std::is_aggregate_v<Plain>) {
        const auto members = xnn::detail::member_pointers(module);
        for_each_index<decltype(members)::size>([&](auto i) {
            using Member = std::remove_cvref_t<decltype(*get<i>(members))>;
            if constexpr (detail::is_parameter<Member> || detail::is_buffer<Member> || AnyModule<Member> || detail::is_module_list<Member>)
                f(xnn::detail::member_name<Plain, i>, *get<i>(members));
        });
    }
}

/// Where a member stands in a tree of modules: a name and what it is in. Becomes text, "fc.weight", only where it is wanted.
struct Path {
    const Path* parent = nullptr;
    std::string_view name{};
    index_t element = -1;  // of a list of that name

    [[gnu::cold, gnu::noinline]] operator std::string() const {
        std::string text = parent ? std::string(*parent) : std::string();
        if (!text.empty() && !name.empty()) text += '.';
        text += name;
        if (element >= 0) text += "." + std::to_string(element);
        return text;
    }
};

namespace detail {
[[gnu::cold, gnu::noinline]] inline void append(StateDict& entries, const Path& path, Dtype dtype, const index_t* extents,
                                                 std::size_t rank, void* data) {
    entries.push_back(NamedBuffer{path, dtype, {extents, extents + rank}, data});
}
template <class Holder>
void append(StateDict& entries, const Path& path, Holder& tensor) {
    const auto extents = tensor.shape().extents();
    append(entries, path, dtype_of<typename Holder::value_type>, extents.data(), extents.size(), tensor.data());
}
/// Remembers an address; false if it was there.
inline bool is_new(std::vector<const void*>& seen, const void* address) {
    if (std::find(seen.begin(), seen.end(), address) != seen.end()) return false;
    seen.push_back(address);
    return true;
}
}  // namespace detail

/// Calls f(path, submodule) for each direct child, lists element by element.
template <class M, class F>
constexpr void visit_children(M& module, F&& f, const Path* parent = nullptr) {
    visit_members(module, [&](std::string_view name, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (AnyModule<Member>) {
            f(Path{parent, name}, member);
        } else if constexpr (detail::is_module_list<Member>) {
            for (std::size_t i = 0; i < member.size(); ++i) f(Path{parent, name, static_cast<index_t>(i)}, member[i]);
        }
    });
}

/// Calls f(path, tensor) for the parameters and buffers of a module and all modules in it: its own first, as in PyTorch.
template <class M, class F>
[[gnu::cold]] void visit_tensors(M& module, const Path* parent, F&& f) {
    visit_members(module, [&](std::string_view name, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (detail::is_parameter<Member> || detail::is_buffer<Member>) f(Path{parent, name}, member);
    });
    visit_children(module, [&](const Path& path, auto& child) { visit_tensors(child, &path, f); }, parent);
}

/// Calls f(path, parameter) for every parameter; a tied one by its first name only.
template <class M, class F>
void visit_parameters(M& module, F&& f) {
    std::vector<const void*> seen;
    visit_tensors(module, nullptr, [&](const Path& path, auto& tensor) {
        if constexpr (detail::is_parameter<std::remove_cvref_t<decltype(tensor)>>)
            if (detail::is_new(seen, tensor.storage())) f(path, tensor);
    });
}

/// Calls f(path, module) for a module, then every module in it.
template <class M, class F>
[[gnu::cold]] void visit_modules(M& module, F&& f, const Path& path = {}) {
    f(path, module);
    visit_children(module, [&](const Path& child, auto& member) { visit_modules(member, f, child); }, &path);
}

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
    } else {
        return call_forward(module, std::move(x)...);
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

    /// Forgets all gradients.
    void zero_grad() {
        visit_tensors(self(), nullptr, [](const Path&, auto& tensor) {
            if constexpr (requires { tensor.zero_grad(); }) tensor.zero_grad();
        });
    }

    /// Whether backward() computes gradients for the parameters in here.
    Self& requires_grad_(bool required = true) {
        visit_tensors(self(), nullptr, [required](const Path&, auto& tensor) {
            if constexpr (requires { tensor.requires_grad_(required); }) tensor.requires_grad_(required);
        });
        return self();
    }

    /// Calls f(module) for every module in here, children first, then this one.
    template <class F>
    Self& apply(F&& f) {
        visit_children(self(), [&](const Path&, auto& child) { child.apply(f); });
        f(self());
        return self();
    }

    /// The names and memory of all parameters; a tied one by its first name only.
    StateDict named_parameters() {
        StateDict result;
        visit_parameters(self(), [&](const Path& path, auto& parameter) { detail::append(result, path, parameter); });
        return result;
    }
    /// The names and memory of all buffers.
    StateDict named_buffers() {
        StateDict result;
        visit_tensors(self(), nullptr, [&](const Path& path, auto& tensor) {
            if constexpr (detail::is_buffer<std::remove_cvref_t<decltype(tensor)>>) detail::append(result, path, tensor);
        });
        return result;
    }
    /// Copies the entries of another module's state dict. Throws one Error that lists all that are missing, unexpected (both
    /// only if `strict`) or of another type or shape, and then changes nothing.
    LoadResult load_state_dict(const StateDict& source, bool strict = true) { return load_state(source, state_dict(), strict); }

    /// The names and memory of all parameters and buffers, in PyTorch's order. Tied parameters stand under each name.
    StateDict state_dict(const std::string& prefix = "") {
        StateDict result;
        const Path root{nullptr, prefix};
        visit_tensors(self(), &root, [&](const Path& path, auto& tensor) { detail::append(result, path, tensor); });
        return result;
    }

private:
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
