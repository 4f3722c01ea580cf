// The negative log-likelihood of log-probabilities.
#pragma once

#include "xnn/cpu/class_loss.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// The negative log-likelihood of log-probabilities: a row's loss is -w_t lp_t, 0 if its target t is ignored; the mean
/// divides by the sum of w_t over the rows that are not. `weight` (classes) and `divisor` (one number, for backward)
/// may be null. The targets must have passed check_targets.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
template <class T, std::integral I>
void nll_loss_forward(Cpu, const T* log_p, const I* targets, const T* weight, T* loss, compute_t<T>* divisor,
                      CrossEntropyExtents extents, CrossEntropyOptions options) {
    using C = compute_t<T>;
    const auto sums = detail::sum_losses(extents.rows(), items_per_task(1), [=](index_t begin, index_t end) {
        detail::LossSums part;
        for (index_t row = begin; row < end; ++row) {
            const auto target = static_cast<index_t>(targets[row]);
            C row_loss(0);
            if (target != options.ignore_index) {
                const index_t at =
                    (row / extents.inner * extents.classes + target) * extents.inner + row % extents.inner;
                const C w = detail::weight_of(weight, target);
                row_loss = -w * static_cast<C>(log_p[at]);
                part.loss += static_cast<double>(row_loss);
                part.weight += static_cast<double>(w);
            }
            if (options.reduction == Reduction::none) loss[row] = static_cast<T>(row_loss);
        }
        return part;
    });
    detail::finish_loss(sums, sums.weight, loss, divisor, options.reduction);
}

/// The gradient of nll_loss_forward: -g w_t at each row's target, 0 elsewhere.
template <class T, std::integral I>
void nll_loss_backward(Cpu, const I* targets, const T* weight, const T* gloss, const compute_t<T>* divisor, T* gx,
                       bool accumulate, CrossEntropyExtents extents, CrossEntropyOptions options) {
    using C = compute_t<T>;
    if (gx == nullptr) return;
    const index_t image = extents.classes * extents.inner;
    parallel_chunks(extents.batch, items_per_task(image), [=](index_t begin, index_t end) {
        if (!accumulate) std::fill(gx + begin * image, gx + end * image, static_cast<T>(0));
        for (index_t row = begin * extents.inner; row < end * extents.inner; ++row) {
            const auto target = static_cast<index_t>(targets[row]);
            if (target == options.ignore_index) continue;
            const C g = static_cast<C>(gloss[options.reduction == Reduction::none ? row : 0]) / *divisor;
            const index_t at = (row / extents.inner * extents.classes + target) * extents.inner + row % extents.inner;
            simd::put(gx + at, -g * detail::weight_of(weight, target), accumulate);
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
