// Walks through modules: their members, with their types and the names that PyTorch gives them.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <vector>

#include "xnn/core/named_buffer.hpp"
#include "xnn/expr/parameter.hpp"
#include "xnn/nn/buffer.hpp"
#include "xnn/nn/members.hpp"

namespace xnn::nn {

/// A type derived from Module<itself>.
template <class M>
concept AnyModule = requires { typename std::remove_cvref_t<M>::xnn_module; };

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
inline constexpr bool is_list = false;
template <class T, std::size_t N>
inline constexpr bool is_list<std::array<T, N>> = true;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;
template <class T>
concept ModuleListMember = is_list<T> && AnyModule<typename T::value_type>;
template <class T>
concept ParameterListMember = is_list<T> && is_parameter<typename T::value_type>;
}  // namespace detail

/// Calls f(name, member) for each data member of a module, in order: parameters, buffers, modules, and std::array and
/// std::vector of parameters or modules. Containers, and layers whose members a base holds, say themselves what their
/// members are. A list of modules has itself as its only member, which has no name.
template <class M, class F>
constexpr void visit_members(M& module, F&& f) {
    using Plain = std::remove_const_t<M>;
    if constexpr (detail::ModuleListMember<Plain>) {
        f(std::string_view(), module);
    } else if constexpr (requires { Plain::visit_own_members(module, f); }) {
        Plain::visit_own_members(module, f);
    } else if constexpr (std::is_aggregate_v<Plain>) {
        const auto members = xnn::detail::member_pointers(module);
        for_each_index<decltype(members)::size>([&](auto i) {
            using Member = std::remove_cvref_t<decltype(*get<i>(members))>;
            if constexpr (detail::is_parameter<Member> || detail::is_buffer<Member> || AnyModule<Member> || detail::ModuleListMember<Member> ||
                          detail::ParameterListMember<Member>)
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
        const auto add = [&](std::string_view part) {
            if (!text.empty() && !part.empty()) text += '.';
            text += part;
        };
        add(name);
        if (element >= 0) add(std::to_string(element));
        return text;
    }
};

/// Calls f(path, submodule) for each direct child, lists element by element.
template <class M, class F>
constexpr void visit_children(M& module, F&& f, const Path* parent = nullptr) {
    visit_members(module, [&](std::string_view name, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (AnyModule<Member>) {
            f(Path{parent, name}, member);
        } else if constexpr (detail::ModuleListMember<Member>) {
            for (std::size_t i = 0; i < member.size(); ++i) f(Path{parent, name, static_cast<index_t>(i)}, member[i]);
        }
    });
}

/// Calls f(path, parameter) for the parameters that are members of the module itself.
template <class M, class F>
constexpr void visit_own_parameters(M& module, const Path* parent, F&& f) {
    visit_members(module, [&](std::string_view name, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (detail::is_parameter<Member>) {
            f(Path{parent, name}, member);
        } else if constexpr (detail::ParameterListMember<Member>) {
            for (std::size_t i = 0; i < member.size(); ++i) f(Path{parent, name, static_cast<index_t>(i)}, member[i]);
        }
    });
}

/// Calls f(path, buffer) for the buffers that are members of the module itself.
template <class M, class F>
constexpr void visit_own_buffers(M& module, const Path* parent, F&& f) {
    visit_members(module, [&](std::string_view name, auto& member) {
        if constexpr (detail::is_buffer<std::remove_cvref_t<decltype(member)>>) f(Path{parent, name}, member);
    });
}

namespace detail {
template <class M, class F>
[[gnu::cold]] void visit_parameters_in(M& module, const Path* parent, F&& f) {
    visit_own_parameters(module, parent, f);
    visit_children(module, [&](const Path& path, auto& child) { visit_parameters_in(child, &path, f); }, parent);
}
/// Remembers an address; false if it was there.
inline bool is_new(std::vector<const void*>& seen, const void* address) {
    for (const void* one : seen)
        if (one == address) return false;
    seen.push_back(address);
    return true;
}
}  // namespace detail

/// Calls f(path, parameter) for every parameter; a tied one by its first name only.
template <class M, class F>
void visit_parameters(M& module, F&& f) {
    std::vector<const void*> seen;
    detail::visit_parameters_in(module, nullptr, [&](const Path& path, auto& parameter) {
        if (detail::is_new(seen, parameter.storage())) f(path, parameter);
    });
}

/// Calls f(path, module) for a module, then every module in it.
template <class M, class F>
[[gnu::cold]] void visit_modules(M& module, F&& f, const Path& path = {}) {
    f(path, module);
    visit_children(module, [&](const Path& child, auto& member) { visit_modules(member, f, child); }, &path);
}

}  // namespace xnn::nn
