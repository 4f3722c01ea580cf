// The loss of sequences whose alignment with their targets is not known. https://pytorch.org/docs/stable/nn.html#loss-functions
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/ops/ctc_loss.hpp"

namespace xnn::nn {

/// The options of CTCLoss that are numbers.
struct CTCLossOptions {
    index_t blank = 0;
    bool zero_infinity = false;
};

/// -log p(target | inputs), summed over all alignments: `loss(log_probs, targets, input_lengths, target_lengths)`.
///
/// log_probs [steps, batch, classes] are logarithms of probabilities, as log_softmax makes them; targets are class indices
/// other than the blank, [batch, width] or all of them one after the other; lengths are integers [batch]. Without batch:
/// [steps, classes], [width], [] and []. The mean divides each loss by its target's length first. With zero_infinity targets
/// that are too long for their inputs count 0. Throws Error for lengths and targets out of range.
/// https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
template <Reduction R = Reduction::mean>
struct CTCLoss : Module<CTCLoss<R>> {
    index_t blank;
    bool zero_infinity;

    CTCLoss() : CTCLoss(CTCLossOptions{}) {}
    explicit CTCLoss(const CTCLossOptions& options) : blank(options.blank), zero_infinity(options.zero_infinity) {}

    template <class X, class Targets, class InputLengths, class TargetLengths>
    constexpr auto forward(X log_probs, Targets targets, InputLengths input_lengths, TargetLengths target_lengths) const {
        static_assert(std::integral<value_t<Targets>> && std::integral<value_t<InputLengths>> && std::integral<value_t<TargetLengths>>,
                      "CTCLoss: targets and lengths are integers");
        return xnn::functional::ctc_loss<R>(std::move(log_probs), std::move(targets), std::move(input_lengths), std::move(target_lengths),
                                       CtcLossRule<R>{blank, zero_infinity});
    }
};
CTCLoss(const CTCLossOptions&) -> CTCLoss<>;

}  // namespace xnn::nn
