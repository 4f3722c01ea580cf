// Connectionist temporal classification: the probability of a target, summed over all its alignments with the inputs.
// Graves, Fernández, Gomez, Schmidhuber: Connectionist temporal classification. ICML 2006.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>

#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/core/math.hpp"
#include "xnn/cpu/registers.hpp"
#include "xnn/core/reduction.hpp"

namespace xnn::kernels {

/// log-probabilities [steps, batch, classes]; targets [batch, width], or one after the other (width 0).
struct CtcExtents {
    index_t steps;
    index_t batch;
    index_t classes;
    index_t width;
    index_t labels;  ///< that there is room for in all targets together

    /// The states of the sequences before b, whose targets begin at label `first`: their labels with blanks between and around them.
    XNN_INLINE constexpr index_t states_before(index_t b, index_t first) const { return 2 * first + b; }
    constexpr index_t states() const { return states_before(batch, labels); }
    /// The doubles that ctc_loss_forward keeps: for each sequence its loss and, for each step and state, the logarithm of the
    /// probability to be there.
    constexpr index_t saved() const { return batch + steps * states(); }
};

struct CtcOptions {
    index_t blank = 0;
    Reduction reduction = Reduction::mean;
    bool zero_infinity = false;
};

/// What is wrong with the arguments of a CTC loss, and where.
struct CtcMistake {
    enum Kind : unsigned char { none, input_length, target_length, target } kind = none;
    index_t position = 0;
    index_t value = 0;
};

inline namespace XNN_SIMD_ARCH {
namespace ctc_detail {

constexpr double impossible = -std::numeric_limits<double>::infinity();

/// log(e^a + e^b)
XNN_INLINE double add_logs(double a, double b) {
    const double larger = math::max(a, b);
    return larger == impossible ? impossible : larger + std::log1p(std::exp(math::min(a, b) - larger));
}

/// One sequence: its log-probabilities, and its target with blanks in between.
template <class T, class I>
struct Sequence {
    index_t first;               // the states of the sequences before it
    const T* log_probabilities;  // of its first step
    index_t pitch;               // from one step to the next
    index_t steps;
    const I* target;
    index_t length;
    index_t blank;

    XNN_INLINE index_t states() const { return 2 * length + 1; }
    XNN_INLINE index_t label(index_t state) const { return state % 2 == 0 ? blank : static_cast<index_t>(target[state / 2]); }
    XNN_INLINE double at(index_t step, index_t state) const { return static_cast<double>(static_cast<compute_t<T>>(log_probabilities[step * pitch + label(state)])); }
    /// Whether the blank between two labels may be left out: equal ones would become one.
    XNN_INLINE bool may_skip(index_t state) const { return state % 2 == 1 && state >= 2 && label(state) != label(state - 2); }

    /// alpha[step, state]: the logarithm of the probability of all ways that are in a state after a step.
    XNN_INLINE double arrive(index_t step, index_t state, const double* alpha) const {
        if (step == 0) return state < 2 ? at(0, state) : impossible;
        const double* const before = alpha + (step - 1) * states();
        double ways = before[state];
        if (state >= 1) ways = add_logs(ways, before[state - 1]);
        if (may_skip(state)) ways = add_logs(ways, before[state - 2]);
        return ways + at(step, state);
    }
    /// The same of all ways on from a state, from those that come into the states of the next step.
    XNN_INLINE double leave(index_t step, index_t state, const double* later) const {
        if (step + 1 == steps) return state >= states() - 2 ? 0 : impossible;
        double ways = later[state];
        if (state + 1 < states()) ways = add_logs(ways, later[state + 1]);
        if (state + 2 < states() && may_skip(state + 2)) ways = add_logs(ways, later[state + 2]);
        return ways;
    }
    /// The same of all ways to the end of the target.
    XNN_INLINE double end(const double* alpha) const {
        if (steps == 0) return length == 0 ? 0 : impossible;
        const double* const last = alpha + (steps - 1) * states();
        return length == 0 ? last[0] : add_logs(last[states() - 1], last[states() - 2]);
    }
};

/// Fills alpha; returns the logarithm of the probability of the target.
template <class T, class I>
double forward_states(const Sequence<T, I>& x, double* alpha) {
    const index_t states = x.states();
    for (index_t t = 0; t < x.steps; ++t)
        for (index_t s = 0; s < states; ++s) alpha[t * states + s] = x.arrive(t, s, alpha);
    return x.end(alpha);
}

/// gx[t, c] [+]= weight (e^x - probability of label c at step t, given the target). That e^x does not belong to the
/// logarithms' own gradient: behind a log_softmax it makes no difference, for there the probabilities of a step add up to 1,
/// and PyTorch has it. `beta` is room for two rows of states.
template <class T, class I>
void backward_states(const Sequence<T, I>& x, index_t classes, const double* alpha, double loss, double weight, double* beta, double* occupied,
                     T* gx, bool accumulate) {
    const index_t states = x.states();
    double *now = beta, *later = beta + states;
    for (index_t t = x.steps; t-- > 0;) {
        std::fill_n(occupied, classes, impossible);
        for (index_t s = 0; s < states; ++s) {
            const double ways = x.leave(t, s, later);
            double& all = occupied[x.label(s)];
            all = add_logs(all, alpha[t * states + s] + ways);
            now[s] = ways + x.at(t, s);
        }
        for (index_t c = 0; c < classes; ++c) {
            const auto log_probability = static_cast<double>(static_cast<compute_t<T>>(x.log_probabilities[t * x.pitch + c]));
            const double g = weight * (std::exp(log_probability) - std::exp(occupied[c] + loss));
            T& to = gx[t * x.pitch + c];
            to = static_cast<T>(static_cast<compute_t<T>>(accumulate ? static_cast<double>(static_cast<compute_t<T>>(to)) + g : g));
        }
        std::swap(now, later);
    }
}

/// Calls f(b, sequence) for each sequence of a batch, in any order and possibly at once.
template <class T, class I, class L, class M, class F>
void for_sequences(const T* x, const I* targets, const L* input_lengths, const M* target_lengths, const CtcExtents& e, index_t blank, F&& f) {
    constexpr index_t work_of_state = 64;
    parallel_chunks(e.batch, items_per_task(e.steps * e.states() / std::max<index_t>(e.batch, 1) * work_of_state), [&](index_t begin, index_t end) {
        for (index_t b = begin; b < end; ++b) {
            index_t first = b * e.width;
            for (index_t before = 0; e.width == 0 && before < b; ++before) first += static_cast<index_t>(target_lengths[before]);
            f(b, Sequence<T, I>{e.states_before(b, first), x + b * e.classes, e.batch * e.classes, static_cast<index_t>(input_lengths[b]), targets + first,
                                static_cast<index_t>(target_lengths[b]), blank});
        }
    });
}

}  // namespace ctc_detail

/// The first thing that is wrong with the arguments. `available` is how many targets there are in all.
template <std::integral I, std::integral L, std::integral M>
CtcMistake check_ctc(Cpu, const I* targets, const L* input_lengths, const M* target_lengths, const CtcExtents& e, index_t available, index_t blank) {
    index_t first = 0;
    for (index_t b = 0; b < e.batch; ++b) {
        const auto steps = static_cast<index_t>(input_lengths[b]), length = static_cast<index_t>(target_lengths[b]);
        if (steps < 0 || steps > e.steps) return {CtcMistake::input_length, b, steps};
        if (length < 0 || length > (e.width > 0 ? e.width : available - first)) return {CtcMistake::target_length, b, length};
        const index_t begin = e.width > 0 ? b * e.width : first;
        for (index_t i = begin; i < begin + length; ++i)
            if (const auto label = static_cast<index_t>(targets[i]); label < 0 || label >= e.classes || label == blank) return {CtcMistake::target, i, label};
        first += length;
    }
    return {};
}

/// -log p(target) of each sequence, their sum, or the mean over the batch of each divided by its target's length (at least 1).
/// The arguments must have passed check_ctc. https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
template <class T, std::integral I, std::integral L, std::integral M>
void ctc_loss_forward(Cpu, const T* x, const I* targets, const L* input_lengths, const M* target_lengths, T* y, double* saved, const CtcExtents& e,
                      const CtcOptions& options) {
    double* const losses = saved;
    double* const alpha = saved + e.batch;
    const auto loss_of = [&](index_t b) { return options.zero_infinity && std::isinf(losses[b]) ? 0 : losses[b]; };
    ctc_detail::for_sequences(x, targets, input_lengths, target_lengths, e, options.blank,
                              [&](index_t b, const auto& sequence) { losses[b] = -ctc_detail::forward_states(sequence, alpha + e.steps * sequence.first); });
    double sum = 0;
    for (index_t b = 0; b < e.batch; ++b) {
        const double scale = options.reduction == Reduction::mean ? 1.0 / static_cast<double>(std::max<index_t>(static_cast<index_t>(target_lengths[b]), 1)) : 1;
        if (options.reduction == Reduction::none)
            y[b] = static_cast<T>(static_cast<compute_t<T>>(loss_of(b)));
        else
            sum += loss_of(b) * scale;
    }
    if (options.reduction == Reduction::mean) sum /= static_cast<double>(e.batch);
    if (options.reduction != Reduction::none) *y = static_cast<T>(static_cast<compute_t<T>>(sum));
}

/// The doubles that ctc_loss_backward needs room for.
constexpr index_t ctc_backward_scratch(const CtcExtents& e) { return 2 * e.states() + e.batch * e.classes; }

/// The gradient of ctc_loss_forward by the log-probabilities, written or added; 0 behind the ends of sequences, and where a
/// loss is infinite with zero_infinity.
template <class T, std::integral I, std::integral L, std::integral M>
void ctc_loss_backward(Cpu, const T* x, const I* targets, const L* input_lengths, const M* target_lengths, const T* gy, const double* saved, T* gx,
                       bool accumulate, const CtcExtents& e, const CtcOptions& options, double* scratch) {
    const double* const alpha = saved + e.batch;
    if (!accumulate) std::fill_n(gx, e.steps * e.batch * e.classes, static_cast<T>(0));
    ctc_detail::for_sequences(x, targets, input_lengths, target_lengths, e, options.blank, [&](index_t b, const auto& sequence) {
        const double loss = saved[b];
        if (options.zero_infinity && std::isinf(loss)) return;
        double weight = static_cast<double>(static_cast<compute_t<T>>(gy[options.reduction == Reduction::none ? b : 0]));
        if (options.reduction == Reduction::mean) weight /= static_cast<double>(e.batch * std::max<index_t>(sequence.length, 1));
        double* const occupied = scratch + 2 * e.states() + b * e.classes;
        ctc_detail::backward_states(sequence, e.classes, alpha + e.steps * sequence.first, loss, weight, scratch + 2 * sequence.first, occupied,
                                    gx + b * e.classes, accumulate);
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
