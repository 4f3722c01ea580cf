// Training steps of libtorch.
#pragma once

#include "networks.libtorch.hpp"

#if __has_include(<ATen/ops/_fused_sgd.h>)
#define XNN_BENCH_FUSED_OPTIMIZERS 1
#endif

namespace libtorch {

#if XNN_BENCH_FUSED_OPTIMIZERS
/// What PyTorch's optimisers do where Python calls them with fused=True; its C++ classes cannot.
class Optimizer {
public:
    Optimizer(Method method, Tensors parameters) : method_(method), parameters_(std::move(parameters)) {
        for (const Tensor& p : parameters_) {
            first_.push_back(torch::zeros_like(p));
            if (method_ == Method::sgd) continue;
            second_.push_back(torch::zeros_like(p));
            steps_.push_back(torch::zeros({}));
        }
    }
    void zero_grad() {
        for (Tensor& p : parameters_) p.mutable_grad().reset();
    }
    void step(double rate) {
        const torch::NoGradGuard no_grad;
        Tensors gradients;
        for (const Tensor& p : parameters_) gradients.push_back(p.grad());
        if (method_ == Method::sgd) {
            torch::_fused_sgd_(parameters_, gradients, first_, 0, momentum, rate, 0, false, false, first_step_);
            first_step_ = false;
        } else {
            torch::_foreach_add_(steps_, 1);
            torch::_fused_adam_(parameters_, gradients, first_, second_, {}, steps_, rate, 0.9, 0.999, 0, 1e-8, false, false);
        }
    }

private:
    Method method_;
    Tensors parameters_, first_{}, second_{}, steps_{};
    bool first_step_ = true;
};
#else
class Optimizer {
public:
    Optimizer(Method method, Tensors parameters) {
        if (method == Method::sgd)
            optimizer_ = std::make_unique<torch::optim::SGD>(parameters, torch::optim::SGDOptions(sgd_rate).momentum(momentum));
        else
            optimizer_ = std::make_unique<torch::optim::Adam>(parameters, torch::optim::AdamOptions(adam_rate));
    }
    void zero_grad() { optimizer_->zero_grad(); }
    void step(double rate) {
        optimizer_->param_groups()[0].options().set_lr(rate);
        optimizer_->step();
    }

private:
    std::unique_ptr<torch::optim::Optimizer> optimizer_;
};
#endif

struct Trainer {
    Network network;
    Tensors weights;
    Tensor input, labels;
    Optimizer optimizer;
    Statistics statistics{};

    Trainer(const Training& t, bool channels_last)
        : network(t.network),
          weights(learning(t.weights, channels_last)),
          input(tensor(t.input, channels_last)),
          labels(torch::from_blob(const_cast<std::int64_t*>(t.labels.data()), {static_cast<std::int64_t>(t.labels.size())}, torch::kInt64).clone()),
          optimizer(t.method, weights) {}

    float step(double rate) {
        optimizer.zero_grad();
        const Tensor loss = torch::cross_entropy_loss(answer(network, weights, input, &statistics).flatten(0, -2), labels);
        loss.backward();
        optimizer.step(rate);
        return loss.item<float>();
    }

private:
    static Tensors learning(const std::vector<Weight>& weights, bool channels_last) {
        Tensors result;
        for (const Weight& weight : weights) result.push_back(tensor(weight, channels_last).set_requires_grad(true));
        return result;
    }
};

}  // namespace libtorch
