// Connectionist temporal classification: a team for each sequence goes through its steps, a thread for each of their states. One
// launch each way, and one more where the losses are reduced.
#pragma once

#include "xnn/cpu/ctc_loss.hpp"
#include "xnn/cuda/class_loss.hpp"

namespace xnn {

namespace cuda {

/// The sequences of a batch. Of one with lengths or labels that cannot be, nothing is left.
template <class T, class I, class L, class M>
struct CtcSequences {
    using Sequence = kernels::ctc_detail::Sequence<T, I>;
    const T* x;
    const I* targets;
    const L* input_lengths;
    const M* target_lengths;
    kernels::CtcExtents extents;
    index_t blank;
    IndexGuard guard;

    struct Plus {
        XNN_INLINE index_t operator()(index_t a, index_t b) const { return a + b; }
    };
    template <class Team>
    XNN_INLINE Sequence of(const Team& team, index_t b) const {
        index_t first = 0;  // of its labels
        for (index_t before = team.rank(); extents.width == 0 && before < b; before += Team::size) first += static_cast<index_t>(target_lengths[before]);
        first = extents.width > 0 ? b * extents.width : team.combine(first, Plus{});
        const index_t room = extents.width > 0 ? extents.width : extents.labels - first;
        const auto steps = static_cast<index_t>(input_lengths[b]), length = static_cast<index_t>(target_lengths[b]);
        index_t bad = first < 0 || !guard.admits(steps, extents.steps + 1) || !guard.admits(length, room + 1);
        for (index_t i = team.rank(); bad == 0 && i < length; i += Team::size) {
            const auto label = static_cast<index_t>(targets[first + i]);
            bad = !guard.admits(label == blank ? -1 : label, extents.classes);
        }
        if (team.combine(bad, Plus{}) > 0) return {b, x, 0, 0, targets, 0, blank};
        return {extents.states_before(b, first), x + b * extents.classes, extents.batch * extents.classes, steps, targets + first, length, blank};
    }
};

/// A team's sequences are worth a block where they have more states than a warp has threads, or many classes.
template <Device D, class F>
void launch_sequences(D device, const kernels::CtcExtents& e, const F& f) {
    constexpr index_t work_of_state = 32;
    launch_teams(device, e.batch, e.batch > 0 ? e.states() / e.batch * work_of_state + e.classes : 0, f);
}

template <class Sequences, class T>
struct CtcForward {
    Sequences sequences;
    double* losses;
    double* alpha;
    T* y;  // one for each sequence, or null
    bool zero_infinity;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t b) const {
        const auto sequence = sequences.of(team, b);
        const index_t states = sequence.states();
        double* const rows = alpha + sequences.extents.steps * sequence.first;
        for (index_t t = 0; t < sequence.steps; ++t) {
            for (index_t s = team.rank(); s < states; s += Team::size) rows[t * states + s] = sequence.arrive(t, s, rows);
            team.wait();
        }
        if (team.rank() != 0) return;
        losses[b] = -sequence.end(rows);
        if (y != nullptr) y[b] = static_cast<T>(static_cast<compute_t<T>>(zero_infinity && math::isinf(losses[b]) ? 0 : losses[b]));
    }
};

/// What a sequence adds to the reduced loss; its weight is that in the mean over the batch.
template <class M>
struct CtcTerms {
    const double* losses;
    const M* target_lengths;
    bool zero_infinity, mean;
    XNN_INLINE LossSums operator()(index_t b) const {
        const double loss = zero_infinity && math::isinf(losses[b]) ? 0 : losses[b];
        const auto length = static_cast<double>(target_lengths[b]);
        return {mean && length > 1 ? loss / length : loss, 1};
    }
};

/// The gradient, from the last step to the first. The states of a label are summed by the thread of its first one, those of the
/// blank by the team.
template <class Sequences, class T>
struct CtcBackward {
    Sequences sequences;
    const double* losses;
    const double* alpha;
    double* beta;      // room for two rows of states
    double* occupied;  // of each sequence, the logarithm of the probability of each class at a step
    index_t* next;     // of each label, where it comes again; complemented if it came before
    const T* gy;
    T* gx;
    bool accumulate;
    kernels::CtcOptions options;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t b) const {
        const kernels::CtcExtents& e = sequences.extents;
        const auto sequence = sequences.of(team, b);
        const index_t states = sequence.states();
        const bool is_skipped = options.zero_infinity && math::isinf(losses[b]);
        double weight = static_cast<double>(load(gy, options.reduction == Reduction::none ? b : 0));
        if (options.reduction == Reduction::mean) weight /= static_cast<double>(e.batch * (sequence.length > 1 ? sequence.length : 1));

        double* const classes = occupied + b * e.classes;
        for (index_t c = team.rank(); c < e.classes; c += Team::size) classes[c] = kernels::ctc_detail::impossible;
        index_t* const links = next + (sequence.first - b) / 2;
        for (index_t i = team.rank(); i < sequence.length; i += Team::size) links[i] = link(sequence, i);
        team.wait();

        double *now = beta + 2 * sequence.first, *later = now + states;
        for (index_t t = e.steps; t-- > 0;) {
            T* const to = gx + (t * e.batch + b) * e.classes;
            if (is_skipped || t >= sequence.steps) {
                for (index_t c = team.rank(); !accumulate && c < e.classes; c += Team::size) to[c] = static_cast<T>(0);
                continue;
            }
            occupy(team, sequence, t, alpha + e.steps * sequence.first + t * states, now, later, links, classes);
            team.wait();
            for (index_t c = team.rank(); c < e.classes; c += Team::size) {
                const double p = math::exp(static_cast<double>(load(sequence.log_probabilities, t * sequence.pitch + c)));
                const double g = weight * (p - math::exp(classes[c] + losses[b]));
                to[c] = static_cast<T>(static_cast<compute_t<T>>(accumulate ? static_cast<double>(load(to, c)) + g : g));
            }
            team.wait();
            double* const swapped = now;
            now = later;
            later = swapped;
        }
    }

private:
    using Sequence = typename Sequences::Sequence;
    struct AddLogs {
        XNN_INLINE double operator()(double a, double b) const { return kernels::ctc_detail::add_logs(a, b); }
    };

    XNN_INLINE static index_t link(const Sequence& sequence, index_t i) {
        const auto label = sequence.target[i];
        index_t before = 0, after = i + 1;
        while (before < i && sequence.target[before] != label) ++before;
        while (after < sequence.length && sequence.target[after] != label) ++after;
        return before < i ? ~after : after;
    }
    template <class Team>
    XNN_INLINE void occupy(const Team& team, const Sequence& sequence, index_t t, const double* before, double* now, const double* later,
                           const index_t* links, double* classes) const {
        constexpr AddLogs add{};
        double blank = kernels::ctc_detail::impossible;
        for (index_t s = team.rank(); s < sequence.states(); s += Team::size) {
            const double ways = sequence.leave(t, s, later);
            now[s] = ways + sequence.at(t, s);
            if (s % 2 == 0) {
                blank = add(blank, before[s] + ways);
            } else if (links[s / 2] >= 0) {
                double all = before[s] + ways;
                for (index_t i = links[s / 2]; i < sequence.length; i = ~links[i]) all = add(all, before[2 * i + 1] + sequence.leave(t, 2 * i + 1, later));
                classes[sequence.label(s)] = all;
            }
        }
        blank = team.combine(blank, add);
        if (team.rank() == 0) classes[sequence.blank] = blank;
    }
};

}  // namespace cuda

namespace kernels {

/// As check_ctc of the Cpu; of what stands on a GPU it says that it is good.
template <std::integral I, std::integral L, std::integral M, cuda::Device D>
CtcMistake check_ctc(D device, const I* targets, const L* input_lengths, const M* target_lengths, const CtcExtents& e, index_t available, index_t blank) {
    if constexpr (xnn::detail::is_host_memory<D>) {
        await(device);
        return check_ctc(Cpu{}, targets, input_lengths, target_lengths, e, available, blank);
    } else {
        return {};
    }
}

/// As ctc_loss_forward of the Cpu.
template <class T, std::integral I, std::integral L, std::integral M, cuda::Device D>
void ctc_loss_forward(D device, const T* x, const I* targets, const L* input_lengths, const M* target_lengths, T* y, double* saved, const CtcExtents& e,
                      const CtcOptions& options) {
    using Sequences = cuda::CtcSequences<T, I, L, M>;
    const Sequences sequences{x, targets, input_lengths, target_lengths, e, options.blank, cuda::guard_of(device)};
    const bool each = options.reduction == Reduction::none;
    cuda::launch_sequences(device, e, cuda::CtcForward<Sequences, T>{sequences, saved, saved + e.batch, each ? y : nullptr, options.zero_infinity});
    const cuda::CtcTerms<M> terms{saved, target_lengths, options.zero_infinity, options.reduction == Reduction::mean};
    if (!each) cuda::reduce_loss<T>(device, e.batch, terms, y, nullptr, options.reduction);
}

/// As ctc_loss_backward of the Cpu.
template <class T, std::integral I, std::integral L, std::integral M, cuda::Device D>
void ctc_loss_backward(D device, const T* x, const I* targets, const L* input_lengths, const M* target_lengths, const T* gy, const double* saved, T* gx,
                       bool accumulate, const CtcExtents& e, const CtcOptions& options, double* scratch) {
    using Sequences = cuda::CtcSequences<T, I, L, M>;
    const Sequences sequences{x, targets, input_lengths, target_lengths, e, options.blank, cuda::guard_of(device)};
    const auto lease = Lease<D>::take();
    index_t* const next = lease.arena().template allocate<index_t>(e.labels);
    cuda::launch_sequences(device, e,
                           cuda::CtcBackward<Sequences, T>{sequences, saved, saved + e.batch, scratch, scratch + 2 * e.states(), next, gy, gx, accumulate,
                                                           options});
}

}  // namespace kernels
}  // namespace xnn
