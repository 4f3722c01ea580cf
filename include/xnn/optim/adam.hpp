// Adam. https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
#pragma once

#include <cmath>

#include "xnn/cpu/optimizer.hpp"
#include "xnn/optim/optimizer.hpp"

namespace xnn::optim {

/// How fast the moving averages of the gradient and of its square forget.
struct Betas {
    double first = 0.9;
    double second = 0.999;
};

/// Options of Adam, with PyTorch's names and defaults.
struct AdamOptions {
    double lr = 1e-3;
    Betas betas{};
    double eps = 1e-8;
    double weight_decay = 0;
    bool amsgrad = false;
    bool maximize = false;
};

inline void check_adam(std::string_view name, double lr, const Betas& betas, double eps) {
    require_option(lr >= 0, name, "lr of at least 0", lr);
    require_option(eps >= 0, name, "eps of at least 0", eps);
    require_option(betas.first >= 0 && betas.first < 1, name, "betas in [0, 1)", betas.first);
    require_option(betas.second >= 0 && betas.second < 1, name, "betas in [0, 1)", betas.second);
}

/// What Adam and AdamW share.
template <class Self, class Options>
class AdamOf : public OptimizerOf<Self, Options> {
    using Base = OptimizerOf<Self, Options>;

public:
    static constexpr std::string_view array_names[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};

    static void check(const Options& o) {
        check_adam(Self::name, o.lr, o.betas, o.eps);
        require_option(o.weight_decay >= 0, Self::name, "weight_decay of at least 0", o.weight_decay);
    }
    static std::size_t arrays_of(const Options& o) { return o.amsgrad ? 3 : 2; }
    template <class F>
    static void visit_options(Options& o, F&& f) {
        f("lr", o.lr);
        f("betas", o.betas);
        f("eps", o.eps);
        f("weight_decay", o.weight_decay);
        f("amsgrad", o.amsgrad);
        f("maximize", o.maximize);
    }

protected:
    using Base::Base;

    /// The arguments that a step of either needs, handed to its kernel.
    template <class T, class Kernel>
    static void run(Entry& entry, const Options& o, Kernel&& kernel) {
        const auto steps = static_cast<double>(entry.steps);
        T* const arrays[] = {static_cast<T*>(entry.arrays[0]), static_cast<T*>(entry.arrays[1]), static_cast<T*>(entry.arrays[2])};
        kernel(arrays, kernels::AdamOptions{o.lr, o.betas.first, o.betas.second, o.eps, o.weight_decay, o.amsgrad, o.maximize},
               1 - std::pow(o.betas.first, steps), 1 - std::pow(o.betas.second, steps));
    }
};

/// Steps of size lr along the moving average of the gradient, divided by the root of that of its square:
/// `optim::Adam optimizer{model, {.lr = 1e-3}};`. weight_decay adds to the gradient.
class Adam : public AdamOf<Adam, AdamOptions> {
    using Base = AdamOf<Adam, AdamOptions>;

public:
    static constexpr std::string_view name = "Adam";

    template <nn::AnyModule M>
    explicit Adam(M& model, const AdamOptions& options = {}) : Base(model, options) {}
    /// Groups of parameters: `Adam{{{model.features}, {model.head, {.lr = 0.1}}}, {.lr = 0.01}}`.
    template <class Groups = std::initializer_list<Group>>
    explicit Adam(std::type_identity_t<Groups> groups, const AdamOptions& options = {}) : Base(groups, options) {}

    template <class Steps, class T>
    static void update(Steps& steps, Entry& entry, const AdamOptions& options, T* value, const T* gradient) {
        Base::template run<T>(entry, options, [&](T* const* s, const kernels::AdamOptions& o, double correction1, double correction2) {
            adam_step(steps, entry.parameter.size(), value, gradient, s[0], s[1], s[2], o, correction1, correction2);
        });
    }
};

}  // namespace xnn::optim
