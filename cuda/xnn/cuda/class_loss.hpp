// What losses over classes share: the logits of a row, the targets' judgement, and the sum over rows.
#pragma once

#include "xnn/cpu/class_loss.hpp"
#include "xnn/cuda/indices.hpp"
#include "xnn/cuda/softmax.hpp"

namespace xnn {

namespace cuda {

/// What a loss adds up over its rows: itself, and the weight of what it was computed from.
using LossSums = Pair<double>;

/// Where the number of class k in a row stands.
struct ClassRow {
    index_t offset, stride;
    XNN_INLINE ClassRow(const kernels::CrossEntropyExtents& e, index_t row) : offset(row * e.classes), stride(e.inner) {
        if (e.inner == 1) return;
        const index_t image = quotient(row, e.inner);
        offset = image * e.classes * e.inner + (row - image * e.inner);
    }
    XNN_INLINE index_t at(index_t k) const { return offset + k * stride; }
};

template <Device D, class F>
void launch_class_rows(D device, const kernels::CrossEntropyExtents& e, const F& f) {
    launch_sets(device, e.rows(), e.classes, e.inner > 1 || e.classes <= short_set, f);
}

/// Class indices: which of them count.
template <class I>
struct ClassTargets {
    const I* targets;
    index_t classes;
    index_t ignore_index;
    IndexGuard guard;

    /// The class of a row; -1 if it is ignored.
    XNN_INLINE index_t of(index_t row) const {
        const auto target = static_cast<index_t>(targets[row]);
        return target != ignore_index && guard.admits(target, classes) ? target : -1;
    }
};

/// The reduced loss, from what the rows add to it, and what the mean divided by for the way back.
template <class T, class Terms>
struct ReduceLoss {
    Terms terms;
    T* loss;
    compute_t<T>* divisor;
    Reduction reduction;

    XNN_INLINE LossSums none(index_t) const { return {0, 0}; }
    XNN_INLINE static LossSums join(const LossSums& a, const LossSums& b) { return a + b; }
    XNN_INLINE void add(LossSums& sums, index_t, index_t row) const { sums = sums + terms(row); }
    XNN_INLINE LossSums facts(index_t, const LossSums& sums) const { return sums; }
    XNN_INLINE void keep(index_t, const LossSums& sums) const {
        const double by = reduction == Reduction::mean ? sums.second : 1;
        if (reduction != Reduction::none) *loss = static_cast<T>(static_cast<compute_t<T>>(sums.first / by));
        if (divisor != nullptr) *divisor = static_cast<compute_t<T>>(by);
    }
    XNN_INLINE void put(index_t, index_t, const LossSums&) const {}
};

template <class T, Device D, class Terms>
void reduce_loss(D device, index_t rows, const Terms& terms, T* loss, compute_t<T>* divisor, Reduction reduction) {
    run_sets(device, 1, rows, false, false, ReduceLoss<T, Terms>{terms, loss, divisor, reduction});
}

/// The factor of the gradient of each row: that of its loss, divided as the mean is.
template <class T>
struct RowGradients {
    const T* gloss;
    const compute_t<T>* divisor;
    bool each;  // there is one for each row
    XNN_INLINE compute_t<T> of(index_t row) const { return load(gloss, each ? row : 0) / *divisor; }
};

}  // namespace cuda

namespace kernels {

/// As check_targets of the Cpu; of the targets of a GPU it says that they are good.
template <std::integral I, cuda::Device D>
index_t check_targets(D device, const I* targets, index_t n, index_t classes, index_t ignore_index) {
    if constexpr (xnn::detail::is_host_memory<D>) {
        await(device);
        return check_targets(Cpu{}, targets, n, classes, ignore_index);
    } else {
        return -1;
    }
}

}  // namespace kernels
}  // namespace xnn
