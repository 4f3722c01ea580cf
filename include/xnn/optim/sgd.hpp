// Stochastic gradient descent, with momentum. https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
#pragma once

#include "xnn/cpu/optimizer.hpp"
#include "xnn/optim/optimizer.hpp"

namespace xnn::optim {

/// lr, momentum, dampening, weight_decay, nesterov, maximize.
using SGDOptions = kernels::SgdOptions;

/// p -= lr g, where g is the gradient, or with momentum its moving sum: `optim::SGD optimizer{model, {.lr = 0.1}};`
/// Sparse gradients without a momentum cost as much as they have rows; with a weight_decay step() throws Error for them.
class SGD : public OptimizerOf<SGD, SGDOptions> {
    using Base = OptimizerOf<SGD, SGDOptions>;

public:
    static constexpr std::string_view name = "SGD";
    static constexpr std::string_view array_names[] = {"momentum_buffer"};

    template <nn::AnyModule M>
    explicit SGD(M& model, const SGDOptions& options = {}) : Base(model, options) {}
    /// Groups of parameters: `SGD{{{model.features}, {model.head, {.lr = 0.1}}}, {.lr = 0.01}}`.
    template <class Groups = std::initializer_list<Group>>
    explicit SGD(std::type_identity_t<Groups> groups, const SGDOptions& options = {}) : Base(groups, options) {}

private:
    friend Base;
    friend Base::Group;
    static void check(const SGDOptions& o) {
        require_option(o.lr >= 0, name, "lr of at least 0", o.lr);
        require_option(o.momentum >= 0, name, "momentum of at least 0", o.momentum);
        require_option(o.weight_decay >= 0, name, "weight_decay of at least 0", o.weight_decay);
        if (o.nesterov && (o.momentum <= 0 || o.dampening != 0))
            fail(name, "a momentum and zero dampening for nesterov",
                 "momentum " + std::to_string(o.momentum) + " and dampening " + std::to_string(o.dampening));
    }
    static std::string_view refusal(bool sparse, const SGDOptions& o) {
        return sparse && o.weight_decay != 0 ? "dense gradients where there is a weight_decay" : "";
    }
    static std::size_t arrays_of(const SGDOptions& o) { return o.momentum != 0 ? 1 : 0; }
    template <class F>
    static void visit_options(SGDOptions& o, F&& f) {
        f("lr", o.lr);
        f("momentum", o.momentum);
        f("dampening", o.dampening);
        f("weight_decay", o.weight_decay);
        f("nesterov", o.nesterov);
        f("maximize", o.maximize);
    }
    template <class Steps, class T>
    static void update(Steps& steps, Entry& entry, const SGDOptions& options, T* value, const T* gradient) {
        const auto* rows = options.momentum != 0 ? nullptr : entry.parameter.gradient_rows();  // a momentum moves all rows
        step_rows(steps, rows, entry.parameter.size(), entry.parameter.row_size(), [&](index_t at, index_t count) {
            sgd_step(steps, count, value + at, gradient + at, static_cast<T*>(entry.arrays[0]), options, entry.steps == 1);
        });
    }
};

}  // namespace xnn::optim
