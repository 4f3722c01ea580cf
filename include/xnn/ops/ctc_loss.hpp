// Connectionist temporal classification. https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
#pragma once

#include "xnn/cpu/ctc_loss.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// log-probabilities [steps, batch, classes], targets [batch, width] or all of them one after the other, the length of each
/// input and of each target [batch]; or without batch.
template <Reduction R>
struct CtcLossRule {
    static_assert(R != Reduction::batchmean, "the reduction of a CTC loss is none, mean or sum");
    static constexpr std::string_view name = "ctc_loss";
    index_t blank = 0;
    bool zero_infinity = false;

    template <std::size_t N>
    static constexpr auto extents(const Dims<N>& x, const auto&...) {
        if constexpr (R == Reduction::none && N == 3)
            return Dims<1>{x[1]};
        else
            return Dims<0>{};
    }
    template <std::size_t N, std::size_t M>
    static constexpr bool accepts(const Dims<N>& x, const Dims<M>& targets, const auto& input_lengths, const auto& target_lengths) {
        if constexpr (N == 3)
            return (M == 1 || (M == 2 && fits(targets[0], x[1]))) && fits(input_lengths, Dims<1>{x[1]}) && fits(target_lengths, Dims<1>{x[1]});
        else
            return N == 2 && M == 1 && fits(input_lengths, Dims<0>{}) && fits(target_lengths, Dims<0>{});
    }

    void check(auto x, auto targets, auto input_lengths, auto target_lengths) const {
        const kernels::CtcExtents e = sizes(x, targets);
        if (blank < 0 || blank >= e.classes) fail(name, "a blank in [0, " + std::to_string(e.classes) + ")", std::to_string(blank));
        const auto mistake = check_ctc(typename decltype(x)::device{}, targets.data, input_lengths.data, target_lengths.data, e, targets.size(), blank);
        if (mistake.kind != kernels::CtcMistake::none) report(mistake, e);
    }

    auto forward(auto& arena, auto y, auto x, auto targets, auto input_lengths, auto target_lengths) const {
        const kernels::CtcExtents e = sizes(x, targets);
        double* const saved = arena.template allocate<double>(e.saved());
        ctc_loss_forward(typename decltype(y)::device{}, x.data, targets.data, input_lengths.data, target_lengths.data, y.data, saved, e, options());
        return static_cast<const double*>(saved);
    }
    template <class T>
    void backward(auto& arena, const double* saved, const auto& gradients, const T* gy, const T*, auto x, auto targets, auto input_lengths,
                  auto target_lengths) const {
        const kernels::CtcExtents e = sizes(x, targets);
        if (const auto gx = get<0>(gradients))
            ctc_loss_backward(typename decltype(x)::device{}, x.data, targets.data, input_lengths.data, target_lengths.data, gy, saved, gx.data,
                                       gx.accumulate, e, options(), arena.template allocate<double>(kernels::ctc_backward_scratch(e)));
    }

private:
    kernels::CtcOptions options() const { return {blank, R, zero_infinity}; }

    static kernels::CtcExtents sizes(auto x, auto targets) {
        const auto extents = x.shape.extents();
        constexpr bool batched = std::remove_cvref_t<decltype(x.shape)>::rank == 3;
        index_t width = 0;
        if constexpr (std::remove_cvref_t<decltype(targets.shape)>::rank == 2) width = targets.extent(1);
        return {extents[0], batched ? extents[1] : 1, extents[batched ? 2 : 1], width, targets.size()};
    }
    [[noreturn, gnu::cold, gnu::noinline]] static void report(kernels::CtcMistake mistake, const kernels::CtcExtents& e) {
        const std::string got = std::to_string(mistake.value) + " at position " + std::to_string(mistake.position);
        switch (mistake.kind) {
            case kernels::CtcMistake::input_length: fail(name, "an input length in [0, " + std::to_string(e.steps) + "]", got);
            case kernels::CtcMistake::target_length: fail(name, "a target length of at most the targets that there are", got);
            default: fail(name, "a target in [0, " + std::to_string(e.classes) + ") that is not the blank", got);
        }
    }
};

namespace functional {

/// The CTC loss of log-probabilities [steps, batch, classes] (a log_softmax) and targets [batch, width] or one after the other.
template <Reduction R = Reduction::mean, Operand X, Operand Targets, Operand InputLengths, Operand TargetLengths>
constexpr auto ctc_loss(X&& log_probabilities, Targets&& targets, InputLengths&& input_lengths, TargetLengths&& target_lengths, CtcLossRule<R> rule = {}) {
    return apply(rule, std::forward<X>(log_probabilities), std::forward<Targets>(targets), std::forward<InputLengths>(input_lengths),
                 std::forward<TargetLengths>(target_lengths));
}

}  // namespace functional
}  // namespace xnn
