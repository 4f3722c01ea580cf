// Cross entropy of logits, fused with the softmax that it needs. Forward: a launch over the rows and, where they are reduced, one
// over their losses, two of many rows; backward: one. The exponentials that the Cpu saves are computed again instead.
#pragma once

#include "xnn/cpu/cross_entropy.hpp"
#include "xnn/cuda/class_loss.hpp"
#include "xnn/cuda/column_sums.hpp"

namespace xnn {

namespace cuda {

/// What all forms of cross entropy read.
template <class T>
struct CrossEntropy {
    using C = compute_t<T>;
    using Saved = kernels::detail::SavedSoftmax<C>;
    const T* x;
    const T* weight;
    kernels::CrossEntropyExtents extents;
    C smoothing;

    XNN_INLINE C weight_of(index_t k) const { return load_or(weight, k, C(1)); }

    /// The maximum of a row and log Σ exp(x - maximum).
    template <class Team>
    XNN_INLINE Pair<C> log_sums(const Team& team, const ClassRow& row) const {
        using Total = SoftmaxTotal<C>;
        struct Join {
            XNN_INLINE Total operator()(const Total& a, const Total& b) const { return Total::join(a, b); }
        };
        Total total;
        for (index_t k = team.rank(); k < extents.classes; k += Team::size) total.add(load(x, row.at(k)));
        total = team.combine(total, Join{});
        return {total.maximum, math::log(total.sum)};
    }
};

struct Add {
    template <class C>
    XNN_INLINE C operator()(C a, C b) const { return a + b; }
};

/// Where the loss of a row goes.
template <class T>
struct CrossEntropyResults {
    T* loss;         // one for each row; or null
    LossSums* sums;  // of each row, to be reduced; or null
    kernels::detail::SavedSoftmax<compute_t<T>> saved;

    XNN_INLINE void put(index_t row, compute_t<T> row_loss, compute_t<T> weight, const Pair<compute_t<T>>& log_sums) const {
        if (loss != nullptr) loss[row] = static_cast<T>(row_loss);
        if (sums != nullptr) sums[row] = {static_cast<double>(row_loss), static_cast<double>(weight)};
        if (saved.maxima == nullptr) return;
        saved.maxima[row] = log_sums.first;
        saved.log_sums[row] = log_sums.second;
        if (sums == nullptr && row == 0) *saved.divisor = 1;
    }
};

/// Of class indices.
template <class T, class I>
struct CrossEntropyOfClasses {
    CrossEntropy<T> of;
    ClassTargets<I> targets;
    CrossEntropyResults<T> results;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t index) const {
        using C = compute_t<T>;
        const ClassRow row(of.extents, index);
        const auto [maximum, log_sum] = of.log_sums(team, row);
        C smooth(0);
        if (of.smoothing != 0) {
            for (index_t k = team.rank(); k < of.extents.classes; k += Team::size)
                smooth += of.weight_of(k) * ((load(of.x, row.at(k)) - maximum) - log_sum);
            smooth = team.combine(smooth, Add{}) * (of.smoothing / static_cast<C>(of.extents.classes));
        }
        if (team.rank() != 0) return;
        const index_t target = targets.of(index);
        if (target < 0) return results.put(index, 0, 0, {maximum, log_sum});
        const C w = of.weight_of(target), log_p = (load(of.x, row.at(target)) - maximum) - log_sum;
        results.put(index, -(1 - of.smoothing) * w * log_p - smooth, w, {maximum, log_sum});
    }
};

/// Of class probabilities.
template <class T>
struct CrossEntropyOfProbabilities {
    CrossEntropy<T> of;
    const T* targets;
    CrossEntropyResults<T> results;

    XNN_INLINE compute_t<T> target(index_t at) const {
        return (1 - of.smoothing) * load(targets, at) + of.smoothing / static_cast<compute_t<T>>(of.extents.classes);
    }
    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t index) const {
        using C = compute_t<T>;
        const ClassRow row(of.extents, index);
        const auto [maximum, log_sum] = of.log_sums(team, row);
        C row_loss(0);
        for (index_t k = team.rank(); k < of.extents.classes; k += Team::size) {
            const index_t at = row.at(k);
            row_loss -= of.weight_of(k) * target(at) * ((load(of.x, at) - maximum) - log_sum);
        }
        row_loss = team.combine(row_loss, Add{});
        if (team.rank() == 0) results.put(index, row_loss, 1, {maximum, log_sum});
    }
};

/// gx = g (Σ_c a_c softmax(x) - a), where a_c is the factor of -lp_c in the loss.
template <class T, class I>
struct CrossEntropyBackwardOfClasses {
    CrossEntropy<T> of;
    ClassTargets<I> targets;
    RowGradients<T> gradients;
    kernels::detail::SavedSoftmax<const compute_t<T>> saved;
    const compute_t<T>* weights;  // their sum; null: the number of classes
    T* gx;
    bool accumulate;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t index) const {
        using C = compute_t<T>;
        const ClassRow row(of.extents, index);
        const index_t target = targets.of(index);
        const C maximum = saved.maxima[index], smooth = of.smoothing / static_cast<C>(of.extents.classes);
        C hot(0), smooth_scale(0), scale(0);
        if (target >= 0) {
            const C g = gradients.of(index), factor = (1 - of.smoothing) * of.weight_of(target);
            const C smooth_sum = weights != nullptr ? smooth * *weights : of.smoothing;
            hot = g * factor;
            smooth_scale = g * smooth;
            scale = g * (factor + smooth_sum) * math::exp(-saved.log_sums[index]);
        }
        for (index_t k = team.rank(); k < of.extents.classes; k += Team::size) {
            const index_t at = row.at(k);
            C g = scale * math::exp(load(of.x, at) - maximum);
            if (of.smoothing != 0) g -= smooth_scale * of.weight_of(k);
            put(gx + at, k == target ? g - hot : g, accumulate);
        }
    }
};

/// gx = g (Σ_c w_c t'_c softmax(x) - w t') and gtargets = -g (1 - ε) w lp.
template <class T>
struct CrossEntropyBackwardOfProbabilities {
    CrossEntropyOfProbabilities<T> of;  // its results are not used
    RowGradients<T> gradients;
    kernels::detail::SavedSoftmax<const compute_t<T>> saved;
    T* gx;
    T* gtargets;
    bool accumulate;

    template <class Team>
    XNN_INLINE void operator()(const Team& team, index_t index) const {
        using C = compute_t<T>;
        const CrossEntropy<T>& loss = of.of;
        const ClassRow row(loss.extents, index);
        const C scale = gradients.of(index), maximum = saved.maxima[index], log_sum = saved.log_sums[index];
        C sum(0);
        if (gx != nullptr)
            for (index_t k = team.rank(); k < loss.extents.classes; k += Team::size) sum += loss.weight_of(k) * of.target(row.at(k));
        sum = team.combine(sum, Add{});
        for (index_t k = team.rank(); k < loss.extents.classes; k += Team::size) {
            const index_t at = row.at(k);
            const C w = loss.weight_of(k), log_p = (load(loss.x, at) - maximum) - log_sum, t = of.target(at);
            if (gx != nullptr) put(gx + at, scale * (sum * math::exp(log_p) - w * t), accumulate);
            if (gtargets != nullptr) put(gtargets + at, -(scale * (1 - loss.smoothing) * w * log_p), accumulate);
        }
    }
};

struct RowSums {
    const LossSums* rows;
    XNN_INLINE LossSums operator()(index_t row) const { return rows[row]; }
};

/// Runs a form of cross entropy over the rows, and reduces what comes out.
template <class T, Device D, class Form>
void cross_entropy_forward(D device, Form form, T* loss, compute_t<T>* saved, const kernels::CrossEntropyExtents& extents, Reduction reduction) {
    const auto lease = Lease<D>::take();
    const bool each = reduction == Reduction::none;
    form.results = {each ? loss : nullptr, each ? nullptr : lease.arena().template allocate<LossSums>(extents.rows()), {saved, extents}};
    launch_class_rows(device, extents, form);
    if (!each) reduce_loss(device, extents.rows(), RowSums{form.results.sums}, loss, form.results.saved.divisor, reduction);
}

}  // namespace cuda

namespace kernels {

/// As cross_entropy_forward of the Cpu, of class indices.
template <class T, std::integral I, cuda::Device D>
void cross_entropy_forward(D device, const T* x, const I* targets, const T* weight, T* loss, compute_t<T>* saved, const CrossEntropyExtents& extents,
                           const CrossEntropyOptions& options) {
    const cuda::CrossEntropy<T> of{x, weight, extents, static_cast<compute_t<T>>(options.label_smoothing)};
    const cuda::ClassTargets<I> classes{targets, extents.classes, options.ignore_index, cuda::guard_of(device)};
    cuda::cross_entropy_forward(device, cuda::CrossEntropyOfClasses<T, I>{of, classes, {nullptr, nullptr, {nullptr, extents}}}, loss, saved, extents,
                                options.reduction);
}

/// As cross_entropy_backward of the Cpu, of class indices.
template <class T, std::integral I, cuda::Device D>
void cross_entropy_backward(D device, const T* x, const I* targets, const T* weight, const T* gloss, const compute_t<T>* saved, T* gx, bool accumulate,
                            const CrossEntropyExtents& extents, const CrossEntropyOptions& options) {
    using C = compute_t<T>;
    if (gx == nullptr || extents.classes == 0) return;
    const cuda::CrossEntropy<T> of{x, weight, extents, static_cast<C>(options.label_smoothing)};
    const cuda::ClassTargets<I> classes{targets, extents.classes, options.ignore_index, cuda::guard_of(device)};
    const detail::SavedSoftmax<const C> kept(saved, extents);
    const auto lease = Lease<D>::take();
    C* weights = nullptr;
    if (weight != nullptr && of.smoothing != 0) {
        weights = lease.arena().template allocate<C>(1);
        reduce<BroadcastMap<Shape<1>, Shape<dyn>>>(lease.arena(), SumReducer<T>{}, Ptr<T>(weight), Dims<1>{extents.classes}, cuda::Store<C>{weights});
    }
    cuda::launch_class_rows(device, extents,
                            cuda::CrossEntropyBackwardOfClasses<T, I>{
                                of, classes, {gloss, kept.divisor, options.reduction == Reduction::none}, kept, weights, gx, accumulate});
}

/// As cross_entropy_forward of the Cpu, of class probabilities.
template <class T, cuda::Device D>
void cross_entropy_forward(D device, const T* x, const T* targets, const T* weight, T* loss, compute_t<T>* saved, const CrossEntropyExtents& extents,
                           const CrossEntropyOptions& options) {
    const cuda::CrossEntropy<T> of{x, weight, extents, static_cast<compute_t<T>>(options.label_smoothing)};
    cuda::cross_entropy_forward(device, cuda::CrossEntropyOfProbabilities<T>{of, targets, {nullptr, nullptr, {nullptr, extents}}}, loss, saved, extents,
                                options.reduction);
}

/// As cross_entropy_backward of the Cpu, of class probabilities; gx or gtargets may be null.
template <class T, cuda::Device D>
void cross_entropy_backward(D device, const T* x, const T* targets, const T* weight, const T* gloss, const compute_t<T>* saved, T* gx, T* gtargets,
                            bool accumulate, const CrossEntropyExtents& extents, const CrossEntropyOptions& options) {
    const cuda::CrossEntropy<T> of{x, weight, extents, static_cast<compute_t<T>>(options.label_smoothing)};
    const detail::SavedSoftmax<const compute_t<T>> kept(saved, extents);
    cuda::launch_class_rows(device, extents,
                            cuda::CrossEntropyBackwardOfProbabilities<T>{{of, targets, {nullptr, nullptr, {nullptr, extents}}},
                                                                         {gloss, kept.divisor, options.reduction == Reduction::none},
                                                                         kept, gx, gtargets, accumulate});
}

}  // namespace kernels
}  // namespace xnn
