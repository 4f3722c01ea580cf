// Adam for sparse gradients. https://pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html
#pragma once

#include "xnn/optim/adam.hpp"

namespace xnn::optim {

/// Options of SparseAdam, with PyTorch's names and defaults.
struct SparseAdamOptions {
    double lr = 1e-3;
    Betas betas{};
    double eps = 1e-8;
    bool maximize = false;
};

/// Adam that updates the rows which have a gradient, and their moving averages, and leaves the others as they are:
/// `optim::SparseAdam optimizer{model.embedding};`. A step costs as much as there are such rows. It throws Error for a parameter
/// with a dense gradient.
class SparseAdam : public OptimizerOf<SparseAdam, SparseAdamOptions> {
    using Base = OptimizerOf<SparseAdam, SparseAdamOptions>;

public:
    static constexpr std::string_view name = "SparseAdam";
    static constexpr std::string_view array_names[] = {"exp_avg", "exp_avg_sq"};

    template <nn::AnyModule M>
    explicit SparseAdam(M& model, const SparseAdamOptions& options = {}) : Base(model, options) {}
    /// Groups of parameters.
    template <class Groups = std::initializer_list<Group>>
    explicit SparseAdam(std::type_identity_t<Groups> groups, const SparseAdamOptions& options = {}) : Base(groups, options) {}

private:
    friend Base;
    friend Base::Group;
    static void check(const SparseAdamOptions& o) { check_adam(name, o.lr, o.betas, o.eps); }
    static std::string_view refusal(bool sparse, const SparseAdamOptions&) { return sparse ? "" : "sparse gradients"; }
    static std::size_t arrays_of(const SparseAdamOptions&) { return 2; }
    template <class F>
    static void visit_options(SparseAdamOptions& o, F&& f) {
        f("lr", o.lr);
        f("betas", o.betas);
        f("eps", o.eps);
        f("maximize", o.maximize);
    }

    template <class Steps, class T>
    static void update(Steps& steps, Entry& entry, const SparseAdamOptions& o, T* value, const T* gradient) {
        const auto count = static_cast<double>(entry.steps);
        const double correction1 = 1 - std::pow(o.betas.first, count), correction2 = 1 - std::pow(o.betas.second, count);
        // Adam adds eps to the corrected root, this one to the plain one.
        const kernels::AdamOptions options{o.lr, o.betas.first, o.betas.second, o.eps / std::sqrt(correction2), 0, false, o.maximize};
        T *const averages = static_cast<T*>(entry.arrays[0]), *const squares = static_cast<T*>(entry.arrays[1]);
        step_rows(steps, entry.parameter.gradient_rows(), entry.parameter.size(), entry.parameter.row_size(), [&](index_t at, index_t elements) {
            adam_step(steps, elements, value + at, gradient + at, averages + at, squares + at, static_cast<T*>(nullptr), options,
                      correction1, correction2);
        });
    }
};

}  // namespace xnn::optim
