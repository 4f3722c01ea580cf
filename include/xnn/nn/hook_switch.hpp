// Where modules ask whether anybody has registered hooks. A program without hooks.hpp pays for a look at a null pointer.
#pragma once

#include <string>

#include "xnn/core/load_state.hpp"

namespace xnn::nn {

class ModuleRef;
class ParameterRef;

namespace detail {

/// What nn/hooks.hpp has to say where something happens to a module; null where there are no such hooks.
struct HookSwitch {
    /// Whether a call of this module has hooks.
    bool (*calls)(const void* module, const void* type) = nullptr;
    /// Before a module's entries are listed (`into` is null), and after.
    void (*state_dict)(const ModuleRef& module, StateDict* into, const std::string& prefix) = nullptr;
    LoadResult (*load_state_dict)(const ModuleRef& module, const StateDict& source, bool strict) = nullptr;
    void (*module_added)(const ModuleRef& container, const std::string& name, const ModuleRef& module) = nullptr;
    void (*parameter_added)(const ModuleRef& container, const std::string& name, const ParameterRef& parameter) = nullptr;
};
inline constinit HookSwitch hook_switch;

/// Hooks that would not run are an error, not a silence.
[[gnu::cold, gnu::noinline]] inline void refuse_unhooked(const void* module, const void* type) {
    if (hook_switch.calls(module, type))
        throw Error("a module with hooks: expected an input that asks for them, model(nn::hooked(x)), got one that does not");
}

}  // namespace detail

}  // namespace xnn::nn
