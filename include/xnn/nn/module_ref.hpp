// Modules without their types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

[[gnu::cold, gnu::noinline]] inline void append(StateDict& entries, const Path& path, Dtype dtype, const index_t* extents,
                                                 std::size_t rank, void* data) {
    entries.push_back(NamedBuffer{path, dtype, {extents, extents + rank}, data});
}
template <class Holder>
void append(StateDict& entries, const Path& path, Holder& tensor) {
    const auto extents = tensor.shape().extents();
    append(entries, path, dtype_of<typename Holder::value_type>, extents.data(), extents.size(), tensor.data());
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

/// A module of any type, by reference: it must outlive this. What needs the module's type asks for it: `ref.get<Linear<4, 2>>()`.
class ModuleRef {
public:
    template <AnyModule M>
        requires(!std::is_const_v<M>)
    ModuleRef(M& module) : object_(&module), type_(&type_of<M>) {}

    /// The name of its class, without namespaces and template arguments.
    std::string_view type_name() const { return type_->name; }

    /// The module, if it is of this type; else null.
    template <AnyModule M>
    M* get_if() const { return type_ == &type_of<M> ? static_cast<M*>(object_) : nullptr; }
    /// The module. Throws Error if it is of another type.
    template <AnyModule M>
    M& get() const {
        if (M* module = get_if<M>()) return *module;
        fail("ModuleRef::get", "a " + std::string(detail::plain_type_name<M>()) + " with these template arguments", "another " + std::string(type_name()));
    }

    /// The modules in this one, without those in them.
    std::vector<NamedModule> named_children() const;
    /// This module, called "", and all in it, outside in.
    std::vector<NamedModule> named_modules() const;
    /// Its parameters and those of all in it; a tied one by its first name only.
    std::vector<ParameterRef> parameters() const { return type_->parameters(object_); }
    /// Its parameters and buffers and those of all in it, as in a checkpoint.
    StateDict state_dict() const { return type_->state_dict(object_); }

    /// Whether the module trains; true for one that does not say.
    bool training() const {
        const bool* flag = type_->training(object_);
        return flag == nullptr || *flag;
    }
    void train(bool mode = true) const;
    void eval() const { train(false); }

    friend bool operator==(const ModuleRef& a, const ModuleRef& b) { return a.object_ == b.object_ && a.type_ == b.type_; }

private:
    struct Type {
        std::string_view name;
        void (*children)(void* module, const std::string& prefix, std::vector<NamedModule>& into);
        std::vector<ParameterRef> (*parameters)(void* module);
        StateDict (*state_dict)(void* module);
        bool* (*training)(void* module);
    };
    template <class M>
    static const Type type_of;

    void append_modules(const std::string& name, std::vector<NamedModule>& into) const;

    void* object_;
    const Type* type_;
};

/// A module in another one, and where it stands there: "layers.0.fc".
struct NamedModule {
    std::string name;
    ModuleRef module;
};

template <class M>
inline constexpr ModuleRef::Type ModuleRef::type_of = {
    detail::plain_type_name<M>(),
    [](void* module, const std::string& prefix, std::vector<NamedModule>& into) {
        const Path parent{nullptr, prefix};
        visit_children(*static_cast<M*>(module), [&](const Path& path, auto& child) { into.push_back({path, child}); }, &parent);
    },
    [](void* module) { return static_cast<M*>(module)->parameters(); },
    [](void* module) { return static_cast<M*>(module)->state_dict(); },
    [](void* module) -> bool* {
        if constexpr (requires(M& m) { m.training = true; })
            return &static_cast<M*>(module)->training;
        else
            return nullptr;
    },
};

inline std::vector<NamedModule> ModuleRef::named_children() const {
    std::vector<NamedModule> result;
    type_->children(object_, "", result);
    return result;
}
inline void ModuleRef::append_modules(const std::string& name, std::vector<NamedModule>& into) const {
    into.push_back({name, *this});
    std::vector<NamedModule> children;
    type_->children(object_, name, children);
    for (const auto& child : children) child.module.append_modules(child.name, into);
}
inline std::vector<NamedModule> ModuleRef::named_modules() const {
    std::vector<NamedModule> result;
    append_modules("", result);
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
