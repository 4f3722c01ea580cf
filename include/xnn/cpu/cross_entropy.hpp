// Cross entropy of logits, fused with the softmax that it needs, and the negative log-likelihood of log-probabilities.
#pragma once

#include <algorithm>
#include <concepts>

#include "xnn/core/reduction.hpp"
#include "xnn/cpu/softmax.hpp"

namespace xnn::kernels {

/// Options of cross entropy and of the negative log-likelihood, with PyTorch's names and defaults.
struct CrossEntropyOptions {
    Reduction reduction = Reduction::mean;
    double label_smoothing = 0;
    index_t ignore_index = -100;
};

/// Logits of (batch, classes, inner); targets and losses are (batch, inner), `rows` in all.
struct CrossEntropyExtents {
    index_t batch;
    index_t classes;
    index_t inner = 1;

    constexpr index_t rows() const { return batch * inner; }
    /// The numbers that cross_entropy_forward saves: of each row the maximum, of each row log Σ exp(x - maximum), and
    /// what the mean divides by.
    constexpr index_t saved() const { return 2 * rows() + 1; }
};

inline namespace XNN_SIMD_ARCH {
namespace detail {

/// What a loss adds up over its rows.
struct LossSums {
    double loss = 0;
    double weight = 0;
};

/// The sums of `task(begin, end)` over pieces of [0, items). The pieces depend on the sizes alone.
template <class Task>
LossSums sum_losses(index_t items, index_t grain, Task&& task) {
    constexpr index_t most_tasks = 64;
    grain = std::max(grain, divide_up(items, most_tasks));
    LossSums parts[most_tasks];
    parallel_chunks(items, grain, [&](index_t begin, index_t end) { parts[begin / grain] = task(begin, end); });
    LossSums total;
    for (const LossSums& part : parts) {
        total.loss += part.loss;
        total.weight += part.weight;
    }
    return total;
}

/// The logits of one row, in registers along the classes; or of a register of rows side by side, class by class.
template <class T, bool Rows, class Count>
struct RowRegisters {
    using V = simd::batch<T>;
    using C = compute_t<T>;
    static constexpr index_t most_rows = Rows ? 1 : simd::width<T>;

    index_t row;     // the first
    index_t offset;  // of its first logit
    index_t classes;
    index_t stride;  // from class to class
    Count count;     // rows at once, where they stand side by side

    index_t rows() const {
        if constexpr (Rows)
            return 1;
        else if constexpr (std::same_as<Count, simd::Whole>)
            return simd::width<T>;
        else
            return count;
    }
    /// Where row i of these has its logit of class k.
    index_t at(index_t i, index_t k) const { return offset + i + k * stride; }

    /// Calls `body(position, n, class weights, first class)`; weights beyond the last class are 0.
    template <class Body>
    XNN_INLINE void for_classes(const T* weight, Body&& body) const {
        if constexpr (Rows) {
            simd::for_registers<T>(classes, [&](index_t i, auto n) {
                const V w = weight != nullptr ? simd::load(weight + i, n) : simd::keep<T>(V(1), n, C(0));
                body(offset + i, n, w, i);
            });
        } else {
            for (index_t k = 0; k < classes; ++k)
                body(offset + k * stride, count, V(weight != nullptr ? static_cast<C>(weight[k]) : C(1)), k);
        }
    }
    /// 1 for the class of each row, 0 for the others.
    XNN_INLINE V one_hot(const index_t* targets, index_t first_class) const {
        C numbers[most_rows];
        for (index_t i = 0; i < most_rows; ++i) numbers[i] = static_cast<C>(targets[i] - first_class);
        if constexpr (Rows)
            return simd::select(simd::lanes<T>() == V(numbers[0]), V(1), V(0));
        else
            return simd::select(simd::load(numbers) == V(0), V(1), V(0));
    }
    /// A sum over classes, from what for_classes added up.
    XNN_INLINE V total(V sum) const {
        if constexpr (Rows)
            return V(simd::reduce_add(sum));
        else
            return sum;
    }
    XNN_INLINE SoftmaxSums<V> log_sums(const T* x) const {
        if constexpr (Rows) {
            const auto [maximum, sum] = softmax_sums(x + offset, classes);
            return {V(maximum), V(std::log(sum))};
        } else {
            const auto [maximum, sum] = softmax_sums(x + offset, classes, stride, count);
            return {maximum, math::log(sum)};
        }
    }
    /// What belongs to the rows, one number each.
    XNN_INLINE V load(const C* p) const {
        if constexpr (Rows)
            return V(p[row]);
        else
            return simd::load(p + row, count);
    }
    XNN_INLINE void store(C* p, V v) const {
        if constexpr (Rows)
            simd::store(p + row, v, index_t{1});
        else
            simd::store(p + row, v, count);
    }
    XNN_INLINE V spread(const C* p) const {
        if constexpr (Rows)
            return V(p[0]);
        else
            return simd::load(p);
    }
};

/// The items that cover all rows: a row each, or a register of them.
template <class T>
constexpr index_t row_items(const CrossEntropyExtents& e) {
    return e.inner == 1 ? e.batch : e.batch * divide_up(e.inner, simd::width<T>);
}
template <class T>
constexpr index_t row_grain(const CrossEntropyExtents& e) {
    return items_per_task(e.inner == 1 ? e.classes : e.classes * simd::width<T>);
}

/// Calls `body(RowRegisters)` for the items in [begin, end).
template <class T, class Body>
void for_rows(const CrossEntropyExtents& e, index_t begin, index_t end, Body&& body) {
    if (e.inner == 1) {
        for (index_t i = begin; i < end; ++i)
            body(RowRegisters<T, true, simd::Whole>{i, i * e.classes, e.classes, 1, {}});
        return;
    }
    const index_t registers = divide_up(e.inner, simd::width<T>);
    for (index_t i = begin; i < end; ++i) {
        const index_t first = i % registers * simd::width<T>;
        const index_t image = i / registers;
        const index_t row = image * e.inner + first, offset = image * e.classes * e.inner + first;
        if (e.inner - first >= simd::width<T>)
            body(RowRegisters<T, false, simd::Whole>{row, offset, e.classes, e.inner, {}});
        else
            body(RowRegisters<T, false, index_t>{row, offset, e.classes, e.inner, e.inner - first});
    }
}

/// Σ weight, or the number of classes where there are no weights.
template <class T>
compute_t<T> sum_of_weights(const T* weight, index_t classes) {
    if (weight == nullptr) return static_cast<compute_t<T>>(classes);
    return simd::reduce_add(
        simd::sum_registers<T>(classes, [=](index_t i, auto n) { return simd::load(weight + i, n); }));
}

template <class T>
compute_t<T> weight_of(const T* weight, index_t target) {
    return weight != nullptr ? static_cast<compute_t<T>>(weight[target]) : compute_t<T>(1);
}

/// Writes the reduced loss, and what the mean divided by for backward.
template <class T>
void finish_loss(const LossSums& sums, double divisor, T* loss, compute_t<T>* saved_divisor, Reduction reduction) {
    if (reduction != Reduction::mean) divisor = 1;
    if (reduction != Reduction::none) *loss = static_cast<T>(static_cast<compute_t<T>>(sums.loss / divisor));
    if (saved_divisor != nullptr) *saved_divisor = static_cast<compute_t<T>>(divisor);
}

}  // namespace detail

/// The position of the first target that is neither a class nor `ignore_index`; -1 if all are good.
template <std::integral I>
index_t check_targets(Cpu, const I* targets, index_t n, index_t classes, index_t ignore_index) {
    for (index_t i = 0; i < n; ++i) {
        const auto target = static_cast<index_t>(targets[i]);
        if ((target < 0 || target >= classes) && target != ignore_index) return i;
    }
    return -1;
}

/// Cross entropy of logits x with class indices; `loss` has one number for each row, or one in all. With ε for the
/// label smoothing and lp for log softmax(x), a row's loss is -(1 - ε) w_t lp_t - ε / classes Σ_c w_c lp_c, 0 if its
/// target t is ignored; the mean divides by the sum of w_t over the rows that are not. `weight` (classes) and `saved`
/// (CrossEntropyExtents::saved()) may be null. The targets must have passed check_targets.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
template <class T, std::integral I>
void cross_entropy_forward(Cpu, const T* x, const I* targets, const T* weight, T* loss, compute_t<T>* saved,
                           CrossEntropyExtents extents, CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const index_t all_rows = extents.rows();
    const C smoothing = static_cast<C>(options.label_smoothing);
    const auto task = [=](index_t begin, index_t end) {
        detail::LossSums sums;
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            const auto [maximum, log_sum] = rows.log_sums(x);
            if (saved != nullptr) {
                rows.store(saved, maximum);
                rows.store(saved + all_rows, log_sum);
            }
            V smooth(0);
            if (smoothing != 0) {
                rows.for_classes(weight, [&, m = maximum, l = log_sum](index_t at, auto n, V w, index_t) {
                    smooth += w * ((simd::load(x + at, n) - m) - l);
                });
                smooth = rows.total(smooth) * V(smoothing / static_cast<C>(extents.classes));
            }
            alignas(64) C maxima[simd::width<T>], log_sums[simd::width<T>], smooths[simd::width<T>];
            maximum.store_aligned(maxima);
            log_sum.store_aligned(log_sums);
            smooth.store_aligned(smooths);
            for (index_t i = 0; i < rows.rows(); ++i) {
                const auto target = static_cast<index_t>(targets[rows.row + i]);
                const bool ignored = target == options.ignore_index;
                C row_loss(0);
                if (!ignored) {
                    const C w = detail::weight_of(weight, target);
                    const C log_p = (static_cast<C>(x[rows.at(i, target)]) - maxima[i]) - log_sums[i];
                    row_loss = -(1 - smoothing) * w * log_p - smooths[i];
                    sums.loss += static_cast<double>(row_loss);
                    sums.weight += static_cast<double>(w);
                }
                if (options.reduction == Reduction::none) loss[rows.row + i] = static_cast<T>(row_loss);
            }
        });
        return sums;
    };
    const auto sums = detail::sum_losses(detail::row_items<T>(extents), detail::row_grain<T>(extents), task);
    detail::finish_loss(sums, sums.weight, loss, saved != nullptr ? saved + 2 * all_rows : nullptr, options.reduction);
}

/// The gradient of cross_entropy_forward: gx = g (Σ_c a_c softmax(x) - a), where a_c is the factor of -lp_c in the loss
/// and g the gradient of the row's loss (`gloss`: one for each row, or one in all), divided as the mean is.
template <class T, std::integral I>
void cross_entropy_backward(Cpu, const T* x, const I* targets, const T* weight, const T* gloss,
                            const compute_t<T>* saved, T* gx, bool accumulate, CrossEntropyExtents extents,
                            CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if (gx == nullptr) return;
    const index_t all_rows = extents.rows();
    const C smoothing = static_cast<C>(options.label_smoothing);
    const C smooth = smoothing / static_cast<C>(extents.classes);
    const C smooth_sum = smoothing != 0 ? smooth * detail::sum_of_weights(weight, extents.classes) : C(0);
    const auto task = [=](index_t begin, index_t end) {
        const C divisor = saved[2 * all_rows];
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            alignas(64) C scale[simd::width<T>] = {}, hot[simd::width<T>] = {}, sum[simd::width<T>] = {};
            index_t row_targets[simd::width<T>] = {};
            for (index_t i = 0; i < rows.rows(); ++i) {
                const auto target = static_cast<index_t>(targets[rows.row + i]);
                if (target == options.ignore_index) continue;
                const C g = static_cast<C>(gloss[options.reduction == Reduction::none ? rows.row + i : 0]) / divisor;
                const C factor = (1 - smoothing) * detail::weight_of(weight, target);
                row_targets[i] = target;
                scale[i] = g * smooth;
                hot[i] = g * factor;
                sum[i] = g * (factor + smooth_sum);
            }
            const V maximum = rows.load(saved), log_sum = rows.load(saved + all_rows);
            const V smooth_scale = rows.spread(scale), hot_scale = rows.spread(hot), sum_scale = rows.spread(sum);
            rows.for_classes(weight, [&](index_t at, auto n, V w, index_t k) {
                const V p = math::exp((simd::load(x + at, n) - maximum) - log_sum);
                V g = sum_scale * p - hot_scale * rows.one_hot(row_targets, k);
                if (smoothing != 0) g -= smooth_scale * w;
                simd::put(gx + at, g, n, accumulate);
            });
        });
    };
    parallel_chunks(detail::row_items<T>(extents), detail::row_grain<T>(extents), task);
}

/// Cross entropy of logits x with class probabilities of the same shape. With t' = (1 - ε) t + ε / classes, a row's
/// loss is -Σ_c w_c t'_c lp_c; the mean divides by the number of rows. `weight` and `saved` may be null.
template <class T>
void cross_entropy_forward(Cpu, const T* x, const T* targets, const T* weight, T* loss, compute_t<T>* saved,
                           CrossEntropyExtents extents, CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const index_t all_rows = extents.rows();
    const V keep(static_cast<C>(1 - options.label_smoothing));
    const V smooth(static_cast<C>(options.label_smoothing / static_cast<double>(extents.classes)));
    const auto task = [=](index_t begin, index_t end) {
        detail::LossSums sums;
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            const auto [maximum, log_sum] = rows.log_sums(x);
            if (saved != nullptr) {
                rows.store(saved, maximum);
                rows.store(saved + all_rows, log_sum);
            }
            V total(0);
            rows.for_classes(weight, [&, m = maximum, l = log_sum](index_t at, auto n, V w, index_t) {
                const V t = simd::fma(keep, simd::load(targets + at, n), smooth);
                total -= w * t * ((simd::load(x + at, n) - m) - l);
            });
            alignas(64) C losses[simd::width<T>];
            rows.total(total).store_aligned(losses);
            for (index_t i = 0; i < rows.rows(); ++i) {
                sums.loss += static_cast<double>(losses[i]);
                if (options.reduction == Reduction::none) loss[rows.row + i] = static_cast<T>(losses[i]);
            }
        });
        return sums;
    };
    const auto sums = detail::sum_losses(detail::row_items<T>(extents), detail::row_grain<T>(extents), task);
    detail::finish_loss(sums, static_cast<double>(all_rows), loss, saved != nullptr ? saved + 2 * all_rows : nullptr,
                        options.reduction);
}

/// The gradients of cross_entropy_forward with probabilities: gx = g (Σ_c w_c t'_c softmax(x) - w t') and
/// gtargets = -g (1 - ε) w lp; either may be null.
template <class T>
void cross_entropy_backward(Cpu, const T* x, const T* targets, const T* weight, const T* gloss,
                            const compute_t<T>* saved, T* gx, T* gtargets, bool accumulate, CrossEntropyExtents extents,
                            CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const index_t all_rows = extents.rows();
    const V keep(static_cast<C>(1 - options.label_smoothing));
    const V smooth(static_cast<C>(options.label_smoothing / static_cast<double>(extents.classes)));
    const auto task = [=](index_t begin, index_t end) {
        const C divisor = saved[2 * all_rows];
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            alignas(64) C scales[simd::width<T>] = {};
            for (index_t i = 0; i < rows.rows(); ++i)
                scales[i] = static_cast<C>(gloss[options.reduction == Reduction::none ? rows.row + i : 0]) / divisor;
            const V scale = rows.spread(scales);
            const V maximum = rows.load(saved), log_sum = rows.load(saved + all_rows);
            V sum(0);
            if (gx != nullptr)
                rows.for_classes(weight, [&](index_t at, auto n, V w, index_t) {
                    sum += w * simd::fma(keep, simd::load(targets + at, n), smooth);
                });
            sum = rows.total(sum);
            rows.for_classes(weight, [&](index_t at, auto n, V w, index_t) {
                const V log_p = (simd::load(x + at, n) - maximum) - log_sum;
                const V t = simd::fma(keep, simd::load(targets + at, n), smooth);
                if (gx != nullptr) simd::put(gx + at, scale * (sum * math::exp(log_p) - w * t), n, accumulate);
                if (gtargets != nullptr) simd::put(gtargets + at, -(scale * keep * w * log_p), n, accumulate);
            });
        });
    };
    parallel_chunks(detail::row_items<T>(extents), detail::row_grain<T>(extents), task);
}

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
