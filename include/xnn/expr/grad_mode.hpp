// Switches of a run: whether evaluations keep what a walk back needs.
#pragma once

#include <utility>

namespace xnn {

namespace detail {
inline thread_local bool gradients_enabled = true;

class GradModeGuard {
public:
    explicit GradModeGuard(bool enabled) : before_(std::exchange(gradients_enabled, enabled)) {}
    ~GradModeGuard() { gradients_enabled = before_; }
    GradModeGuard(const GradModeGuard&) = delete;
    GradModeGuard& operator=(const GradModeGuard&) = delete;

private:
    bool before_;
};
}  // namespace detail

/// True where evaluations keep what backward() needs.
inline bool is_grad_enabled() { return detail::gradients_enabled; }
/// Until the end of its scope (and on this thread) evaluations keep nothing for backward(). As torch.no_grad.
struct [[nodiscard]] NoGradGuard : detail::GradModeGuard {
    NoGradGuard() : GradModeGuard(false) {}
};
/// The same under the name of torch.inference_mode. Whether a *type* has gradients is what inference(x) decides.
struct [[nodiscard]] InferenceMode : detail::GradModeGuard {
    InferenceMode() : GradModeGuard(false) {}
};
/// Undoes a NoGradGuard around it until the end of its scope. As torch.enable_grad.
struct [[nodiscard]] EnableGradGuard : detail::GradModeGuard {
    EnableGradGuard() : GradModeGuard(true) {}
};
/// Switches gradients on or off on this thread. As torch.set_grad_enabled.
inline void set_grad_enabled(bool enabled) { detail::gradients_enabled = enabled; }

}  // namespace xnn
