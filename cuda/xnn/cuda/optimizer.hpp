// Steps of optimisers: one launch for up to 64 parameters, whose addresses are arguments of the kernel.
#pragma once

#include <variant>

#include "xnn/core/math.hpp"
#include "xnn/cpu/optimizer.hpp"
#include "xnn/cuda/gradient_rows.hpp"
#include "xnn/cuda/recording.hpp"
#include "xnn/cuda/sets.hpp"

namespace xnn {

namespace cuda {

/// The memory of a parameter and of what goes with it.
template <class T, class S>
struct StepMemory {
    T* param;
    const T* grad;
    S* state[3];
    index_t size;
};

/// SGD of one element, with its options in the type that it is computed in.
template <class C>
struct SgdRule {
    C sign, decay, momentum, weight, step;
    bool decays, moves, nesterov, first;

    SgdRule(const kernels::SgdOptions& o, bool is_first)
        : sign(o.maximize ? C(-1) : C(1)), decay(static_cast<C>(o.weight_decay)), momentum(static_cast<C>(o.momentum)),
          weight(static_cast<C>(1 - o.dampening)), step(static_cast<C>(-o.lr)), decays(o.weight_decay != 0), moves(o.momentum != 0),
          nesterov(o.nesterov), first(is_first) {}
    bool operator==(const SgdRule&) const = default;

    template <class T, class S>
    XNN_INLINE void operator()(const StepMemory<T, S>& at, index_t i) const {
        const C p = load(at.param, i);
        C g = sign * load(at.grad, i);
        if (decays) g += decay * p;
        if (moves) {
            const C buffer = first ? g : load(at.state[0], i) * momentum + weight * g;
            at.state[0][i] = static_cast<S>(buffer);
            g = nesterov ? g + momentum * buffer : buffer;
        }
        at.param[i] = static_cast<T>(p + step * g);
    }
};

/// Adam of one element, and AdamW: `decoupled`.
template <class C>
struct AdamRule {
    C sign, decay, shrink, weight1, beta2, weight2, eps, step, reciprocal_root;
    bool decays, amsgrad;

    AdamRule(const kernels::AdamOptions& o, double bias_correction1, double bias_correction2, bool decoupled)
        : sign(o.maximize ? C(-1) : C(1)), decay(static_cast<C>(decoupled ? 0 : o.weight_decay)),
          shrink(static_cast<C>(decoupled ? 1 - o.lr * o.weight_decay : 1)), weight1(static_cast<C>(1 - o.beta1)), beta2(static_cast<C>(o.beta2)),
          weight2(static_cast<C>(1 - o.beta2)), eps(static_cast<C>(o.eps)), step(static_cast<C>(-(o.lr / bias_correction1))),
          reciprocal_root(static_cast<C>(1 / std::sqrt(bias_correction2))), decays(o.weight_decay != 0), amsgrad(o.amsgrad) {}
    bool operator==(const AdamRule&) const = default;

    template <class T, class S>
    XNN_INLINE void operator()(const StepMemory<T, S>& at, index_t i) const {
        C p = load(at.param, i), g = sign * load(at.grad, i);
        if (decays) {
            g += decay * p;
            p *= shrink;
        }
        C m = load(at.state[0], i), v = load(at.state[1], i);
        m += weight1 * (g - m);
        v = v * beta2 + weight2 * g * g;
        at.state[0][i] = static_cast<S>(m);
        at.state[1][i] = static_cast<S>(v);
        if (amsgrad) {
            v = math::max(load(at.state[2], i), v);
            at.state[2][i] = static_cast<S>(v);
        }
        at.param[i] = static_cast<T>(p + step * m / (math::sqrt(v) * reciprocal_root + eps));
    }
};

/// The marked rows of a parameter, as the only ones that a step is of; or all (null).
struct StepRows {
    const std::uint8_t* marks = nullptr;
    index_t width = 0;
    bool operator==(const StepRows&) const = default;

    XNN_INLINE bool has(index_t i) const { return marks == nullptr || marks[quotient(i, width)] != 0; }
};

/// Parameters that one launch updates: as many as the 4096 bytes of a kernel's arguments have room for.
template <class T, class S, class Rule>
struct UpdateParameters {
    static constexpr index_t most = 64, elements_per_team = 2048;
    struct Entry {
        StepMemory<T, S> memory;
        index_t first;  // of its teams
    };
    Rule rule;
    const Rule* next;  // in a step that is repeated: where its own rule stands, on the device; else null
    StepRows rows;
    index_t count;
    Entry entries[most];

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t unit) const {
        index_t low = 0, high = count;  // the entry is in [low, high)
        while (high - low > 1) {
            const index_t middle = (low + high) / 2;
            if (entries[middle].first <= unit)
                low = middle;
            else
                high = middle;
        }
        const StepMemory<T, S>& memory = entries[low].memory;
        const index_t begin = (unit - entries[low].first) * elements_per_team;
        const index_t end = begin + elements_per_team < memory.size ? begin + elements_per_team : memory.size;
        const Rule now = next != nullptr ? *next : rule;
        for (index_t i = begin + team.rank(); i < end; i += Team::size)
            if (rows.has(i)) now(memory, i);
    }
};

/// Collects the steps of parameters until finish(), and launches those that go by the same rule together.
template <class T, class S, Device D>
class StepQueue {
    using C = compute_t<T>;

public:
    template <class Rule>
    void add(const Rule& rule, const StepMemory<T, S>& memory) {
#ifdef __CUDACC__
        if (recording_) return recording_->set(value_, rule);
#endif
        const bool same = count_ > 0 && std::holds_alternative<Rule>(rule_) && std::get<Rule>(rule_) == rule;
        if (!same || count_ == most) finish();
#ifdef __CUDACC__
        if (count_ == 0) first_ = last_;
#endif
        rule_ = rule;
        memory_[count_++] = memory;
    }
    /// Steps that follow are of these rows.
    void limit_to(const StepRows& rows) {
        if (rows != rows_) finish();
        rows_ = rows;
    }
    void finish() {
        if (count_ == 0) return;
        std::visit([this](const auto& rule) { run(rule); }, rule_);
        count_ = 0;
    }

#ifdef __CUDACC__
    /// Called before the step of an entry: a recorded step repeats it by advance(queue, entry, options).
    using Advance = void(StepQueue&, void*, const void*);
    void repeats(Advance* advance, void* entry, const void* options)
        requires std::same_as<D, Cuda>
    {
        detail::Recording* const recording = detail::Recording::current();
        if (recording == nullptr) return;
        last_ = recording->repeats().size();
        recording->repeats().push_back({&again, reinterpret_cast<void (*)()>(advance), entry, options});
    }
#endif

private:
    static constexpr index_t most = UpdateParameters<T, S, SgdRule<C>>::most;

#ifdef __CUDACC__
    /// The host's part of an entry's step in a run of a recorded step: its rule goes to where its kernel reads it.
    static void again(detail::Recording& recording, const detail::Recording::Repeat& repeat) {
        StepQueue queue;
        queue.recording_ = &recording;
        queue.value_ = repeat.value;
        reinterpret_cast<Advance*>(repeat.advance)(queue, repeat.entry, repeat.options);
    }
#endif

    void run(std::monostate) const {}
    template <class Rule>
    void run(const Rule& rule) const {
        using Update = UpdateParameters<T, S, Rule>;
        static_assert(sizeof(Update) <= 4000);
        Update update{rule, nullptr, rows_, count_, {}};
#ifdef __CUDACC__
        if constexpr (std::same_as<D, Cuda>)
            if (detail::Recording* const recording = detail::Recording::current()) {
                Rule* const next = recording->place(rule);
                recording->repeats()[first_].value = next;
                update.next = next;
            }
#endif
        index_t teams = 0;
        for (index_t i = 0; i < count_; ++i) {
            update.entries[i] = {memory_[i], teams};
            teams += divide_up(memory_[i].size, Update::elements_per_team);
        }
        launch_teams(D{}, teams, Update::elements_per_team, update);
    }

    std::variant<std::monostate, SgdRule<C>, AdamRule<C>> rule_;
    StepRows rows_;
    index_t count_ = 0;
    StepMemory<T, S> memory_[most];
#ifdef __CUDACC__
    std::size_t first_ = 0, last_ = 0;  // repeats of a recording: of the queue's first entry, and the last one
    detail::Recording* recording_ = nullptr;
    void* value_ = nullptr;
#endif
};

// An optimiser hands its steps to a queue as it would to a device.

template <class T, class S, Device D>
void finish_steps(StepQueue<T, S, D>& queue) {
    queue.finish();
}
/// As step_rows of the Cpu: one step over all rows, which leaves out those that are not meant.
template <class T, class S, Device D, class F>
void step_rows(StepQueue<T, S, D>& queue, const GradientRows* rows, index_t size, index_t width, const F& step) {
    queue.limit_to(rows ? StepRows{static_cast<const GradientRowsOn<D>*>(rows)->marks(), width} : StepRows{});
    step(0, size);
    queue.limit_to({});
}
template <class T, class S, Device D>
void sgd_step(StepQueue<T, S, D>& queue, index_t n, T* param, const T* grad, S* momentum_buffer, const kernels::SgdOptions& options, bool first) {
    queue.add(SgdRule<compute_t<T>>(options, first), {param, grad, {momentum_buffer, nullptr, nullptr}, n});
}
template <class T, class S, Device D>
void adam_step(StepQueue<T, S, D>& queue, index_t n, T* param, const T* grad, S* exp_avg, S* exp_avg_sq, S* max_exp_avg_sq,
               const kernels::AdamOptions& options, double bias_correction1, double bias_correction2) {
    queue.add(AdamRule<compute_t<T>>(options, bias_correction1, bias_correction2, false), {param, grad, {exp_avg, exp_avg_sq, max_exp_avg_sq}, n});
}
template <class T, class S, Device D>
void adamw_step(StepQueue<T, S, D>& queue, index_t n, T* param, const T* grad, S* exp_avg, S* exp_avg_sq, S* max_exp_avg_sq,
                const kernels::AdamOptions& options, double bias_correction1, double bias_correction2) {
    queue.add(AdamRule<compute_t<T>>(options, bias_correction1, bias_correction2, true), {param, grad, {exp_avg, exp_avg_sq, max_exp_avg_sq}, n});
}

}  // namespace cuda

namespace kernels {

/// As begin_steps of the Cpu: what collects the steps of parameters of type T.
template <class T, cuda::Device D>
cuda::StepQueue<T, T, D> begin_steps(D) {
    return {};
}

/// As sgd_step of the Cpu.
template <class T, class S = T, cuda::Device D>
void sgd_step(D, index_t n, T* param, const T* grad, S* momentum_buffer, const SgdOptions& options, bool first) {
    cuda::StepQueue<T, S, D> queue;
    sgd_step(queue, n, param, grad, momentum_buffer, options, first);
    queue.finish();
}

/// As adam_step of the Cpu.
template <class T, class S, cuda::Device D>
void adam_step(D, index_t n, T* param, const T* grad, S* exp_avg, S* exp_avg_sq, S* max_exp_avg_sq, const AdamOptions& options, double bias_correction1,
               double bias_correction2) {
    cuda::StepQueue<T, S, D> queue;
    adam_step(queue, n, param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, options, bias_correction1, bias_correction2);
    queue.finish();
}

/// As adamw_step of the Cpu.
template <class T, class S, cuda::Device D>
void adamw_step(D, index_t n, T* param, const T* grad, S* exp_avg, S* exp_avg_sq, S* max_exp_avg_sq, const AdamOptions& options, double bias_correction1,
                double bias_correction2) {
    cuda::StepQueue<T, S, D> queue;
    adamw_step(queue, n, param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, options, bias_correction1, bias_correction2);
    queue.finish();
}

}  // namespace kernels
}  // namespace xnn
