// Losses. https://pytorch.org/docs/stable/nn.html#loss-functions
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/ops/cross_entropy.hpp"

namespace xnn::nn {

/// Softmax and cross entropy of logits [batch, classes, d…] with targets: class indices [batch, d…], or probabilities like
/// the logits. https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
template <Reduction R = Reduction::mean>
struct CrossEntropyLoss : Module<CrossEntropyLoss<R>> {
    double label_smoothing = 0;
    index_t ignore_index = -100;

    constexpr auto forward(auto logits, auto target) const {
        return functional::cross_entropy<R>(std::move(logits), std::move(target),
                                            CrossEntropyRule<R>{.label_smoothing = label_smoothing, .ignore_index = ignore_index});
    }
};

}  // namespace xnn::nn
