// Adam with decoupled weight decay. https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
#pragma once

#include "xnn/optim/adam.hpp"

namespace xnn::optim {

/// Options of AdamW, with PyTorch's names and defaults.
struct AdamWOptions {
    double lr = 1e-3;
    Betas betas{};
    double eps = 1e-8;
    double weight_decay = 1e-2;
    bool amsgrad = false;
    bool maximize = false;
};

/// Adam whose weight_decay shrinks the parameters themselves: p *= 1 - lr weight_decay in each step.
class AdamW : public AdamOf<AdamW, AdamWOptions> {
    using Base = AdamOf<AdamW, AdamWOptions>;

public:
    static constexpr std::string_view name = "AdamW";

    template <nn::AnyModule M>
    explicit AdamW(M& model, const AdamWOptions& options = {}) : Base(model, options) {}
    /// Groups of parameters: `AdamW{{{model.features}, {model.head, {.weight_decay = 0}}}, {.lr = 0.01}}`.
    template <class Groups = std::initializer_list<Group>>
    explicit AdamW(std::type_identity_t<Groups> groups, const AdamWOptions& options = {}) : Base(groups, options) {}

    template <class Steps, class T>
    static void update(Steps& steps, Entry& entry, const AdamWOptions& options, T* value, const T* gradient) {
        Base::template run<T>(entry, options, [&](T* const* s, const kernels::AdamOptions& o, double correction1, double correction2) {
            adamw_step(steps, entry.parameter.size(), value, gradient, s[0], s[1], s[2], o, correction1, correction2);
        });
    }
};

}  // namespace xnn::optim
