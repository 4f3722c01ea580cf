// Hooks: functions that run when modules are called, when gradients pass them, and when their state is listed or loaded.
// https://pytorch.org/docs/stable/generated/torch.nn.Module.html
//
// A hook is registered with a module, `auto handle = model.fc1.register_forward_hook(f)`, or here with all modules. Calls run
// hooks where their input asks for it: `model(nn::hooked(x))`; where it does not, a module with hooks throws Error. Hooks may
// throw. They are registered and removed while no other thread calls modules. A call that takes more than arrays, such as a
// transformer's with masks, runs the hooks of the modules in it, not those of the module itself.
#pragma once

#include "xnn/nn/hooks/call.hpp"

namespace xnn::nn {

/// Hooks of all modules, which run before a module's own.
/// https://pytorch.org/docs/stable/nn.html#global-hooks-for-module
inline RemovableHandle register_module_forward_pre_hook(ForwardPreHook hook) {
    return detail::add_hook(&detail::HookLists::forward_pre, nullptr, std::move(hook), {});
}
inline RemovableHandle register_module_forward_hook(ForwardHook hook) {
    return detail::add_hook(&detail::HookLists::forward, nullptr, std::move(hook), {});
}
inline RemovableHandle register_module_full_backward_pre_hook(BackwardPreHook hook) {
    return detail::add_hook(&detail::HookLists::backward_pre, nullptr, std::move(hook), {});
}
inline RemovableHandle register_module_full_backward_hook(BackwardHook hook) {
    return detail::add_hook(&detail::HookLists::backward, nullptr, std::move(hook), {});
}
/// When a container whose contents the program chooses takes a module or a parameter. (Members of a struct are not registered.)
inline RemovableHandle register_module_module_registration_hook(ModuleRegistrationHook hook) {
    return detail::add_hook(&detail::HookLists::module_added, nullptr, std::move(hook), {});
}
inline RemovableHandle register_module_parameter_registration_hook(ParameterRegistrationHook hook) {
    return detail::add_hook(&detail::HookLists::parameter_added, nullptr, std::move(hook), {});
}

/// What register_forward_pre_hook() and so on of a module call.
inline RemovableHandle add_forward_pre_hook(const ModuleRef& module, ForwardPreHook hook, const HookOptions& options = {}) {
    return detail::add_hook(&detail::HookLists::forward_pre, &module, std::move(hook), options);
}
inline RemovableHandle add_forward_hook(const ModuleRef& module, ForwardHook hook, const HookOptions& options = {}) {
    return detail::add_hook(&detail::HookLists::forward, &module, std::move(hook), options);
}
inline RemovableHandle add_full_backward_pre_hook(const ModuleRef& module, BackwardPreHook hook, const HookOptions& options = {}) {
    return detail::add_hook(&detail::HookLists::backward_pre, &module, std::move(hook), options);
}
inline RemovableHandle add_full_backward_hook(const ModuleRef& module, BackwardHook hook, const HookOptions& options = {}) {
    return detail::add_hook(&detail::HookLists::backward, &module, std::move(hook), options);
}
inline RemovableHandle add_state_dict_pre_hook(const ModuleRef& module, StateDictPreHook hook) {
    return detail::add_hook(&detail::HookLists::state_dict_pre, &module, std::move(hook), {});
}
inline RemovableHandle add_state_dict_post_hook(const ModuleRef& module, StateDictPostHook hook) {
    return detail::add_hook(&detail::HookLists::state_dict_post, &module, std::move(hook), {});
}
inline RemovableHandle add_load_state_dict_pre_hook(const ModuleRef& module, LoadStateDictPreHook hook) {
    return detail::add_hook(&detail::HookLists::load_pre, &module, std::move(hook), {});
}
inline RemovableHandle add_load_state_dict_post_hook(const ModuleRef& module, LoadStateDictPostHook hook) {
    return detail::add_hook(&detail::HookLists::load_post, &module, std::move(hook), {});
}

}  // namespace xnn::nn
