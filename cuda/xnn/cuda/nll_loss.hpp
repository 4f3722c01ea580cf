// The negative log-likelihood of log-probabilities. Forward: one launch, two for many rows; backward: one.
#pragma once

#include "xnn/cpu/nll_loss.hpp"
#include "xnn/cuda/class_loss.hpp"

namespace xnn {

namespace cuda {

/// A row's loss and weight. The loss is also written where it is wanted.
template <class T, class I>
struct NllTerms {
    const T* log_p;
    const T* weight;
    T* loss;  // one for each row, or null
    ClassTargets<I> targets;
    kernels::CrossEntropyExtents extents;

    XNN_INLINE LossSums operator()(index_t row) const {
        using C = compute_t<T>;
        const index_t target = targets.of(row);
        LossSums sums{0, 0};
        C row_loss(0);
        if (target >= 0) {
            const C w = load_or(weight, target, C(1));
            row_loss = -w * load(log_p, ClassRow(extents, row).at(target));
            sums = {static_cast<double>(row_loss), static_cast<double>(w)};
        }
        if (loss != nullptr) loss[row] = static_cast<T>(row_loss);
        return sums;
    }
};

template <class T, class I>
struct NllBackward {
    const T* weight;
    T* gx;
    bool accumulate;
    ClassTargets<I> targets;
    RowGradients<T> gradients;
    kernels::CrossEntropyExtents extents;

    XNN_INLINE void operator()(index_t i) const {
        using C = compute_t<T>;
        const index_t outer = quotient(i, extents.inner), image = quotient(outer, extents.classes);
        const index_t row = image * extents.inner + (i - outer * extents.inner);
        const bool hit = targets.of(row) == outer - image * extents.classes;
        if (hit)
            put(gx + i, -gradients.of(row) * load_or(weight, outer - image * extents.classes, C(1)), accumulate);
        else if (!accumulate)
            gx[i] = static_cast<T>(0);
    }
};

}  // namespace cuda

namespace kernels {

/// As nll_loss_forward of the Cpu.
template <class T, std::integral I, cuda::Device D>
void nll_loss_forward(D device, const T* log_p, const I* targets, const T* weight, T* loss, compute_t<T>* divisor, CrossEntropyExtents extents,
                      CrossEntropyOptions options) {
    const cuda::ClassTargets<I> classes{targets, extents.classes, options.ignore_index, cuda::guard_of(device)};
    const cuda::NllTerms<T, I> terms{log_p, weight, options.reduction == Reduction::none ? loss : nullptr, classes, extents};
    cuda::reduce_loss(device, extents.rows(), terms, loss, divisor, options.reduction);
}

/// The gradient of nll_loss_forward: -g w_t at each row's target, 0 elsewhere.
template <class T, std::integral I, cuda::Device D>
void nll_loss_backward(D device, const I* targets, const T* weight, const T* gloss, const compute_t<T>* divisor, T* gx, bool accumulate,
                       CrossEntropyExtents extents, CrossEntropyOptions options) {
    if (gx == nullptr) return;
    const cuda::ClassTargets<I> classes{targets, extents.classes, options.ignore_index, cuda::guard_of(device)};
    const cuda::RowGradients<T> gradients{gloss, divisor, options.reduction == Reduction::none};
    cuda::launch(device, extents.rows() * extents.classes, cuda::NllBackward<T, I>{weight, gx, accumulate, classes, gradients, extents});
}

}  // namespace kernels
}  // namespace xnn
