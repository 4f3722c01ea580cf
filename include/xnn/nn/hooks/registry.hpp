// Who has registered which hooks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xnn/nn/hook_switch.hpp"
#include "xnn/nn/hooks/array.hpp"
#include "xnn/nn/module_ref.hpp"

namespace xnn::nn {

/// Before a module's forward: may replace its inputs.
using ForwardPreHook = std::function<void(const ModuleRef& module, std::span<HookArray> inputs)>;
/// After a module's forward: may replace its outputs.
using ForwardHook = std::function<void(const ModuleRef& module, std::span<const HookArray> inputs, std::span<HookArray> outputs)>;
/// Before the gradients of a module's outputs go into it: may replace them.
using BackwardPreHook = std::function<void(const ModuleRef& module, std::span<HookArray> grad_outputs)>;
/// When the gradients of a module's inputs are there: may replace them. There are none where nothing asks for them.
using BackwardHook = std::function<void(const ModuleRef& module, std::span<HookArray> grad_inputs, std::span<const HookArray> grad_outputs)>;
/// Before a module's entries are listed. The prefix ends with a dot, or is empty.
using StateDictPreHook = std::function<void(const ModuleRef& module, const std::string& prefix)>;
/// After a module's entries and those of all in it have been listed: may change the list.
using StateDictPostHook = std::function<void(const ModuleRef& module, StateDict& state, const std::string& prefix)>;
/// Before a module is loaded: may change the list that it is loaded from.
using LoadStateDictPreHook = std::function<void(const ModuleRef& module, StateDict& source, const std::string& prefix)>;
/// After a module and all in it have been loaded: may change which names count as missing or unexpected.
using LoadStateDictPostHook = std::function<void(const ModuleRef& module, LoadResult& result)>;
/// When a module has been added to a ModuleList or ModuleDict.
using ModuleRegistrationHook = std::function<void(const ModuleRef& container, const std::string& name, const ModuleRef& module)>;
/// When a parameter has been added to a ParameterList or ParameterDict.
using ParameterRegistrationHook = std::function<void(const ModuleRef& container, const std::string& name, const ParameterRef& parameter)>;

struct HookOptions {
    bool prepend = false;  ///< before the hooks that the module has, not after them
};

namespace detail {

/// Hooks of one kind, each of one module or of all.
template <class Hook>
class HookList {
public:
    using Hooks = std::vector<std::shared_ptr<const Hook>>;

    void add(std::uint64_t id, const ModuleRef* module, Hook hook, const HookOptions& options) {
        Entry entry{id, module ? module->address() : nullptr, module ? module->type_key() : nullptr, std::make_shared<const Hook>(std::move(hook))};
        entries_.insert(options.prepend ? entries_.begin() : entries_.end(), std::move(entry));
    }
    void remove(std::uint64_t id) {
        std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; });
    }
    bool empty() const { return entries_.empty(); }
    bool has(const void* module, const void* type) const {
        return std::ranges::any_of(entries_, [&](const Entry& entry) { return !entry.module || (entry.module == module && entry.type == type); });
    }
    /// Those that a module has, after those of all modules; hooks may add and remove hooks while these run.
    Hooks of(const ModuleRef& module) const {
        Hooks result;
        if (entries_.empty()) return result;
        for (const bool everywhere : {true, false})
            for (const Entry& entry : entries_)
                if (everywhere ? !entry.module : entry.module == module.address() && entry.type == module.type_key()) result.push_back(entry.hook);
        return result;
    }

private:
    struct Entry {
        std::uint64_t id;
        const void* module;  // null: all
        const void* type;
        std::shared_ptr<const Hook> hook;
    };
    std::vector<Entry> entries_;
};

/// All hooks of the program.
struct HookLists {
    HookList<ForwardPreHook> forward_pre;
    HookList<ForwardHook> forward;
    HookList<BackwardPreHook> backward_pre;
    HookList<BackwardHook> backward;
    HookList<StateDictPreHook> state_dict_pre;
    HookList<StateDictPostHook> state_dict_post;
    HookList<LoadStateDictPreHook> load_pre;
    HookList<LoadStateDictPostHook> load_post;
    HookList<ModuleRegistrationHook> module_added;
    HookList<ParameterRegistrationHook> parameter_added;
    std::uint64_t last_id = 0;

    void remove(std::uint64_t id) {
        forward_pre.remove(id), forward.remove(id), backward_pre.remove(id), backward.remove(id);
        state_dict_pre.remove(id), state_dict_post.remove(id), load_pre.remove(id), load_post.remove(id);
        module_added.remove(id), parameter_added.remove(id);
    }
};
inline HookLists& hook_lists() {
    static auto* const lists = new HookLists;  // handles may outlive whatever is destroyed at the end
    return *lists;
}

inline std::string dotted(const std::string& name) { return name.empty() ? name : name + "."; }

inline bool has_call_hooks(const void* module, const void* type) {
    const HookLists& lists = hook_lists();
    return lists.forward_pre.has(module, type) || lists.forward.has(module, type) || lists.backward_pre.has(module, type) ||
           lists.backward.has(module, type);
}
inline void run_state_dict_hooks(const ModuleRef& module, StateDict* into, const std::string& prefix) {
    if (into)
        for (const auto& hook : hook_lists().state_dict_post.of(module)) (*hook)(module, *into, dotted(prefix));
    else
        for (const auto& hook : hook_lists().state_dict_pre.of(module)) (*hook)(module, dotted(prefix));
}
inline void run_load_post_hooks(const ModuleRef& module, LoadResult& result) {
    for (const auto& [name, child] : module.named_children()) run_load_post_hooks(child, result);
    for (const auto& hook : hook_lists().load_post.of(module)) (*hook)(module, result);
}
/// As PyTorch does it, the hooks decide what is missing after everything else has been loaded.
inline LoadResult load_with_hooks(const ModuleRef& module, const StateDict& source, bool strict) {
    StateDict entries = source;
    for (const auto& [name, each] : module.named_modules())
        for (const auto& hook : hook_lists().load_pre.of(each)) (*hook)(each, entries, dotted(name));
    LoadResult result = load_state(entries, module.entries(), false);
    run_load_post_hooks(module, result);
    std::string problems;
    if (!result.missing_keys.empty()) problems += "\n  missing " + xnn::detail::joined(result.missing_keys);
    if (!result.unexpected_keys.empty()) problems += "\n  unexpected " + xnn::detail::joined(result.unexpected_keys);
    if (strict && !problems.empty()) fail("load_state_dict", "the entries of the state dict", problems);
    return result;
}
inline void run_module_added_hooks(const ModuleRef& container, const std::string& name, const ModuleRef& module) {
    for (const auto& hook : hook_lists().module_added.of(container)) (*hook)(container, name, module);
}
inline void run_parameter_added_hooks(const ModuleRef& container, const std::string& name, const ParameterRef& parameter) {
    for (const auto& hook : hook_lists().parameter_added.of(container)) (*hook)(container, name, parameter);
}

/// Modules look at hooks only where there are some.
inline void set_hook_switch() {
    const HookLists& lists = hook_lists();
    const bool calls = !(lists.forward_pre.empty() && lists.forward.empty() && lists.backward_pre.empty() && lists.backward.empty());
    hook_switch.calls = calls ? has_call_hooks : nullptr;
    hook_switch.state_dict = lists.state_dict_pre.empty() && lists.state_dict_post.empty() ? nullptr : run_state_dict_hooks;
    hook_switch.load_state_dict = lists.load_pre.empty() && lists.load_post.empty() ? nullptr : load_with_hooks;
    hook_switch.module_added = lists.module_added.empty() ? nullptr : run_module_added_hooks;
    hook_switch.parameter_added = lists.parameter_added.empty() ? nullptr : run_parameter_added_hooks;
}

}  // namespace detail

/// Holds a hook: it is removed by remove(), or with the handle. The module must outlive the handle; a copy of the module has no
/// hooks.
class [[nodiscard]] RemovableHandle {
public:
    RemovableHandle() = default;
    explicit RemovableHandle(std::uint64_t id) : id_(id) {}
    RemovableHandle(RemovableHandle&& other) noexcept : id_(std::exchange(other.id_, 0)) {}
    RemovableHandle& operator=(RemovableHandle other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }
    ~RemovableHandle() { remove(); }

    void remove() {
        if (id_ == 0) return;
        detail::hook_lists().remove(std::exchange(id_, 0));
        detail::set_hook_switch();
    }

private:
    std::uint64_t id_ = 0;
};

namespace detail {
template <class Hook>
RemovableHandle add_hook(HookList<Hook> HookLists::*list, const ModuleRef* module, Hook hook, const HookOptions& options) {
    HookLists& lists = hook_lists();
    const std::uint64_t id = ++lists.last_id;
    (lists.*list).add(id, module, std::move(hook), options);
    set_hook_switch();
    return RemovableHandle(id);
}
}  // namespace detail

}  // namespace xnn::nn
