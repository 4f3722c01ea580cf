// Modules without their types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xnn/expr/meta.hpp"
#include "xnn/nn/hook_switch.hpp"
#include "xnn/nn/parameter_ref.hpp"

namespace xnn::nn {

namespace detail {

/// What a compiler calls a type, without namespaces and template arguments.
template <class M>
constexpr std::string_view plain_type_name() {
    // g++: "… [with M = net::LeNet<float>; std::string_view = …]", clang: "… [M = net::LeNet<float>]"
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    constexpr std::string_view key = "M = ";
    std::string_view name = text.substr(text.find(key) + key.size());
    name = name.substr(0, name.find_first_of("<;]"));
    const std::size_t last = name.rfind("::");
    return last == std::string_view::npos ? name : name.substr(last + 2);
}

/// Reports a name that is none of those that there are.
template <class Named>
[[noreturn, gnu::cold]] void unknown_name(std::string_view function, const std::vector<Named>& known, std::string_view name) {
    constexpr std::size_t most = 16;
    std::string names;
    for (std::size_t i = 0; i < known.size() && i < most; ++i) names += (i == 0 ? "'" : ", '") + known[i].name + "'";
    if (known.size() > most) names += ", …";
    fail(function, names.empty() ? "no name, for there is none" : "one of " + names, "'" + std::string(name) + "'");
}
template <class Named>
const Named& find_named(std::string_view function, const std::vector<Named>& known, std::string_view name) {
    for (const auto& one : known)
        if (one.name == name) return one;
    unknown_name(function, known, name);
}

}  // namespace detail

struct NamedModule;

/// A module, or a std::array or std::vector of modules, which counts as a ModuleList.
template <class M>
concept ModuleOrList = AnyModule<M> || detail::ModuleListMember<M>;

/// A module of any type, by reference: it must outlive this. What needs the module's type asks for it: `ref.get<Linear<4, 2>>()`.
class ModuleRef {
public:
    template <ModuleOrList M>
        requires(!std::is_const_v<M>)
    ModuleRef(M& module) : object_(&module), type_(&type_of<M>) {}

    /// The name of its class, without namespaces and template arguments.
    std::string_view type_name() const { return type_->name; }

    /// The module, if it is of this type; else null.
    template <ModuleOrList M>
    M* get_if() const { return type_ == &type_of<M> ? static_cast<M*>(object_) : nullptr; }
    /// The module. Throws Error if it is of another type.
    template <ModuleOrList M>
    M& get() const {
        if (M* module = get_if<M>()) return *module;
        fail("ModuleRef::get", "a " + std::string(detail::plain_type_name<M>()) + " with these template arguments", "another " + std::string(type_name()));
    }

    /// The modules in this one, without those in them.
    std::vector<NamedModule> named_children() const;
    /// This module, called "", and all in it, outside in.
    std::vector<NamedModule> named_modules() const;

    /// All parameters with their names and gradients; a tied one by its first name only.
    std::vector<ParameterRef> parameters() const;
    /// The names and memory of all parameters; a tied one by its first name only.
    StateDict named_parameters() const;
    /// The names and memory of all buffers.
    StateDict named_buffers() const;
    /// The names and memory of all parameters and persistent buffers, in PyTorch's order: a module's own before its
    /// children's, parameters before buffers. Tied parameters stand under each name. With `keep_vars` entries of parameters say
    /// whether they require gradients, and where these stand.
    StateDict state_dict(const std::string& prefix = "", bool keep_vars = false) const;
    /// The same without what hooks make of it: what load_state_dict() writes to.
    StateDict entries(const std::string& prefix = "") const;

    /// Whether the module trains; true for one that does not say.
    bool training() const {
        const bool* flag = type_->training(object_);
        return flag == nullptr || *flag;
    }
    void train(bool mode = true) const;
    void eval() const { train(false); }

    /// Functions that run when the module is called, when gradients pass it, and when its state is listed or loaded: see
    /// nn/hooks.hpp, which a program with hooks includes. `auto handle = module.register_forward_hook(f)`
    template <class... A>
    auto register_forward_pre_hook(A&&... hook) const { return add_forward_pre_hook(*this, std::forward<A>(hook)...); }
    template <class... A>
    auto register_forward_hook(A&&... hook) const { return add_forward_hook(*this, std::forward<A>(hook)...); }
    template <class... A>
    auto register_full_backward_pre_hook(A&&... hook) const { return add_full_backward_pre_hook(*this, std::forward<A>(hook)...); }
    template <class... A>
    auto register_full_backward_hook(A&&... hook) const { return add_full_backward_hook(*this, std::forward<A>(hook)...); }
    template <class... A>
    auto register_state_dict_pre_hook(A&&... hook) const { return add_state_dict_pre_hook(*this, std::forward<A>(hook)...); }
    template <class... A>
    auto register_state_dict_post_hook(A&&... hook) const { return add_state_dict_post_hook(*this, std::forward<A>(hook)...); }
    template <class... A>
    auto register_load_state_dict_pre_hook(A&&... hook) const { return add_load_state_dict_pre_hook(*this, std::forward<A>(hook)...); }
    template <class... A>
    auto register_load_state_dict_post_hook(A&&... hook) const { return add_load_state_dict_post_hook(*this, std::forward<A>(hook)...); }

    /// What identifies the module: where it is, and a mark of its type.
    const void* address() const { return object_; }
    const void* type_key() const { return type_->key; }

    friend bool operator==(const ModuleRef& a, const ModuleRef& b) { return a.object_ == b.object_ && a.type_ == b.type_; }

private:
    /// What a type can do for a module itself; what goes through all modules in it is compiled once for all types.
    struct Type {
        std::string_view name;
        void (*children)(void* module, const Path& path, std::vector<NamedModule>& into);
        void (*parameters)(void* module, const Path& path, std::vector<ParameterRef>& into);
        void (*buffers)(void* module, const Path& path, bool persistent_only, StateDict& into);
        bool* (*training)(void* module);
        const void* key;
    };
    template <class M>
    static const Type type_of;

    std::vector<NamedModule> modules_in(const std::string& prefix) const;
    void append_entries(const std::string& prefix, bool keep_vars, StateDict& into) const;
    void append_state(const std::string& prefix, bool keep_vars, StateDict& into) const;

    void* object_;
    const Type* type_;
};

/// A module in another one, and where it stands there: "layers.0.fc".
struct NamedModule {
    std::string name;
    ModuleRef module;
};

namespace detail {

template <class List>
void append_elements(List& list, const Path& path, std::vector<NamedModule>& into) {
    for (std::size_t i = 0; i < list.size(); ++i) into.push_back({Path{path.parent, path.name, static_cast<index_t>(i)}, list[i]});
}
/// Modules and lists of them that are members; a list without a name is the module itself.
template <class M>
[[gnu::cold]] void append_children(void* module, const Path& parent, std::vector<NamedModule>& into) {
    visit_members(*static_cast<M*>(module), [&](std::string_view name, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        const Path path{&parent, name};
        if constexpr (AnyModule<Member>)
            into.push_back({path, member});
        else if constexpr (ModuleListMember<Member>)
            name.empty() ? append_elements(member, path, into) : into.push_back({path, member});
    });
}
template <class M>
[[gnu::cold]] void append_parameters(void* module, const Path& parent, std::vector<ParameterRef>& into) {
    visit_own_parameters(*static_cast<M*>(module), &parent, [&](const Path& path, auto& parameter) { into.push_back(ParameterRef(path, parameter)); });
}
template <class M>
[[gnu::cold]] void append_buffers(void* module, const Path& parent, bool persistent_only, StateDict& into) {
    visit_own_buffers(*static_cast<M*>(module), &parent, [&](const Path& path, auto& buffer) {
        using T = typename std::remove_cvref_t<decltype(buffer)>::value_type;
        using Device = typename std::remove_cvref_t<decltype(buffer)>::device;
        if (persistent_only && !buffer.persistent()) return;
        const auto extents = buffer.shape().extents();
        into.push_back({path, dtype_of<T>, {extents.begin(), extents.end()}, buffer.data(), false, xnn::detail::host_access<Device>()});
    });
}
template <class M>
bool* training_flag(void* module) {
    if constexpr (requires(M& m) { m.training = true; })
        return &static_cast<M*>(module)->training;
    else
        return nullptr;
}

}  // namespace detail

template <class M>
inline constexpr ModuleRef::Type ModuleRef::type_of = {
    detail::ModuleListMember<M> ? "ModuleList" : detail::plain_type_name<M>(),
    detail::append_children<M>,
    detail::append_parameters<M>,
    detail::append_buffers<M>,
    detail::training_flag<M>,
    &xnn::type_key<M>,
};

inline std::vector<NamedModule> ModuleRef::named_children() const {
    std::vector<NamedModule> result;
    type_->children(object_, Path{}, result);
    return result;
}
inline std::vector<NamedModule> ModuleRef::named_modules() const { return modules_in(""); }

inline std::vector<NamedModule> ModuleRef::modules_in(const std::string& prefix) const {
    std::vector<NamedModule> result, children;
    result.push_back({prefix, *this});
    type_->children(object_, Path{nullptr, prefix}, children);
    for (const auto& child : children)
        for (auto& module : child.module.modules_in(child.name)) result.push_back(std::move(module));
    return result;
}

inline std::vector<ParameterRef> ModuleRef::parameters() const {
    std::vector<ParameterRef> all, result;
    for (const auto& [name, module] : named_modules()) module.type_->parameters(module.object_, Path{nullptr, name}, all);
    for (auto& parameter : all) {
        bool again = false;
        for (const auto& known : result) again = again || known.same_storage(parameter);
        if (!again) result.push_back(std::move(parameter));
    }
    return result;
}

inline StateDict ModuleRef::named_parameters() const {
    StateDict result;
    for (auto& parameter : parameters()) result.push_back({parameter.name, parameter.dtype, parameter.extents, parameter.value(), false, parameter.access});
    return result;
}

inline StateDict ModuleRef::named_buffers() const {
    StateDict result;
    for (const auto& [name, module] : named_modules()) module.type_->buffers(module.object_, Path{nullptr, name}, false, result);
    return result;
}

inline void ModuleRef::append_entries(const std::string& prefix, bool keep_vars, StateDict& into) const {
    const Path path{nullptr, prefix};
    std::vector<ParameterRef> parameters;
    type_->parameters(object_, path, parameters);
    for (auto& parameter : parameters) {
        into.push_back({parameter.name, parameter.dtype, parameter.extents, parameter.value(), false, parameter.access});
        if (keep_vars) {
            into.back().requires_grad = parameter.requires_grad();
            into.back().gradient = parameter.gradient();
        }
    }
    type_->buffers(object_, path, true, into);
}
inline void ModuleRef::append_state(const std::string& prefix, bool keep_vars, StateDict& into) const {
    if (detail::hook_switch.state_dict) detail::hook_switch.state_dict(*this, nullptr, prefix);
    append_entries(prefix, keep_vars, into);
    std::vector<NamedModule> children;
    type_->children(object_, Path{nullptr, prefix}, children);
    for (const auto& child : children) child.module.append_state(child.name, keep_vars, into);
    if (detail::hook_switch.state_dict) detail::hook_switch.state_dict(*this, &into, prefix);
}
inline StateDict ModuleRef::state_dict(const std::string& prefix, bool keep_vars) const {
    StateDict result;
    append_state(prefix, keep_vars, result);
    return result;
}
inline StateDict ModuleRef::entries(const std::string& prefix) const {
    StateDict result;
    for (const auto& [name, module] : modules_in(prefix)) module.append_entries(name, false, result);
    return result;
}

inline void ModuleRef::train(bool mode) const {
    for (const auto& [name, module] : named_modules())
        if (bool* training = module.type_->training(module.object_)) *training = mode;
}

namespace detail {
inline std::vector<ModuleRef> modules_of(const std::vector<NamedModule>& named) {
    std::vector<ModuleRef> result;
    for (const auto& [name, module] : named) result.push_back(module);
    return result;
}
}  // namespace detail

}  // namespace xnn::nn
