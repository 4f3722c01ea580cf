// Learning rates that change from epoch to epoch.
// https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <numbers>
#include <vector>

#include "xnn/optim/optimizer.hpp"

namespace xnn::optim::lr_scheduler {

/// The base of schedulers: counts epochs and sets the learning rate of each group to what Self computes from the last one.
/// Call step() after each epoch's optimizer.step(). The optimiser must outlive its scheduler.
class LRScheduler {
public:
    virtual ~LRScheduler() = default;

    void step() {
        ++last_epoch;
        ++step_count_;
        std::vector<double> next(optimizer_.group_count());
        for (std::size_t i = 0; i < next.size(); ++i) next[i] = next_lr(optimizer_.lr(i), optimizer_.initial_lr(i));
        for (std::size_t i = 0; i < next.size(); ++i) optimizer_.lr(i) = next[i];
    }
    /// The learning rate of each group.
    std::vector<double> get_last_lr() const {
        std::vector<double> result;
        for (std::size_t i = 0; i < optimizer_.group_count(); ++i) result.push_back(optimizer_.lr(i));
        return result;
    }

    /// What it remembers and its options by PyTorch's names, for a checkpoint. The learning rates are the optimiser's.
    template <std::same_as<StateDict> State = StateDict>
    State state_dict(const std::string& prefix = "") {
        State result;
        for (const auto& [name, dtype, value] : options())
            if (value) result.push_back({prefix + name, dtype, {}, value, true});
        for (std::size_t i = 0; i < optimizer_.group_count(); ++i)
            result.push_back({prefix + "base_lrs." + std::to_string(i), Dtype::F64, {}, &optimizer_.initial_lr(i), true});
        result.push_back({prefix + "last_epoch", Dtype::I64, {}, &last_epoch, true});
        result.push_back({prefix + "_step_count", Dtype::I64, {}, &step_count_, true});
        for (std::size_t i = 0; i < optimizer_.group_count(); ++i)
            result.push_back({prefix + "_last_lr." + std::to_string(i), Dtype::F64, {}, &optimizer_.lr(i), true});
        return result;
    }
    /// Copies the state of another scheduler of this class. Throws one Error that lists everything that does not fit, and then
    /// changes nothing.
    template <std::same_as<StateDict> State = StateDict>
    void load_state_dict(const State& source) { load_state(source, state_dict()); }

    index_t last_epoch = 0;

protected:
    /// A number that a scheduler was made with.
    struct Option {
        const char* name = "";
        Dtype dtype{};
        void* value = nullptr;
    };

    explicit LRScheduler(Optimizer& optimizer) : optimizer_(optimizer) {
        for (std::size_t i = 0; i < optimizer.group_count(); ++i) optimizer.initial_lr(i) = optimizer.lr(i);
    }

    /// Sets each group's rate to its initial one times a factor.
    void scale_initial(double factor) {
        for (std::size_t i = 0; i < optimizer_.group_count(); ++i) optimizer_.lr(i) = optimizer_.initial_lr(i) * factor;
    }

private:
    /// A group's learning rate in epoch last_epoch, from the one before and the initial one.
    virtual double next_lr(double last, double initial) const = 0;
    virtual std::array<Option, 2> options() { return {}; }

    Optimizer& optimizer_;
    index_t step_count_ = 1;
};

/// Multiplies by gamma every step_size epochs.
/// https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
class StepLR : public LRScheduler {
public:
    StepLR(Optimizer& optimizer, index_t step_size, double gamma = 0.1) : LRScheduler(optimizer), step_size_(step_size), gamma_(gamma) {
        require_option(step_size > 0, "StepLR", "step_size of at least 1", static_cast<double>(step_size));
    }

private:
    double next_lr(double last, double) const override { return last_epoch % step_size_ == 0 ? last * gamma_ : last; }
    std::array<Option, 2> options() override { return {{{"step_size", Dtype::I64, &step_size_}, {"gamma", Dtype::F64, &gamma_}}}; }
    index_t step_size_;
    double gamma_;
};

/// Follows half a cosine wave from the initial rate to eta_min in T_max epochs, then back, and so on.
/// https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
class CosineAnnealingLR : public LRScheduler {
public:
    CosineAnnealingLR(Optimizer& optimizer, index_t T_max, double eta_min = 0)
        : LRScheduler(optimizer), half_period_(T_max), eta_min_(eta_min) {
        require_option(T_max > 0, "CosineAnnealingLR", "T_max of at least 1", static_cast<double>(T_max));
    }

private:
    double next_lr(double last, double initial) const override {
        const auto period = static_cast<double>(half_period_);
        // One step beyond each minimum the recursion would be 0 / 0.
        if ((last_epoch - 1 - half_period_) % (2 * half_period_) == 0)
            return last + (initial - eta_min_) * (1 - std::cos(std::numbers::pi / period)) / 2;
        const auto wave = [&](index_t epoch) { return 1 + std::cos(std::numbers::pi * static_cast<double>(epoch) / period); };
        return wave(last_epoch) / wave(last_epoch - 1) * (last - eta_min_) + eta_min_;
    }
    std::array<Option, 2> options() override { return {{{"T_max", Dtype::I64, &half_period_}, {"eta_min", Dtype::F64, &eta_min_}}}; }
    index_t half_period_;
    double eta_min_;
};

/// The initial rate times lr_lambda(epoch), from epoch 0 on: `LambdaLR scheduler(optimizer, [](index_t epoch) { return … })`.
/// https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
template <class F>
class LambdaLR : public LRScheduler {
public:
    LambdaLR(Optimizer& optimizer, F lr_lambda) : LRScheduler(optimizer), lambda_(std::move(lr_lambda)) { scale_initial(lambda_(index_t{0})); }

private:
    double next_lr(double, double initial) const override { return initial * lambda_(last_epoch); }
    F lambda_;
};

}  // namespace xnn::optim::lr_scheduler
