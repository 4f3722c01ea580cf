// Cross entropy of logits, fused with the softmax that it needs.
#pragma once

#include "xnn/cpu/class_loss.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// Cross entropy of logits x with class indices; `loss` has one number for each row, or one in all. With ε for the
/// label smoothing and lp for log softmax(x), a row's loss is -(1 - ε) w_t lp_t - ε / classes Σ_c w_c lp_c, 0 if its
/// target t is ignored; the mean divides by the sum of w_t over the rows that are not. `weight` (classes) and `saved`
/// (CrossEntropyExtents::saved()) may be null. The targets must have passed check_targets.
/// https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
template <class T, std::integral I, LossExtents Extents>
void cross_entropy_forward(Cpu, const T* x, const I* targets, const T* weight, T* loss, compute_t<T>* saved,
                           Extents extents, CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const detail::SavedSoftmax<C> kept(saved, extents);
    const C smoothing = static_cast<C>(options.label_smoothing);
    const auto task = [=](index_t begin, index_t end) {
        detail::LossSums sums;
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            const auto [maximum, log_sum] = rows.log_sums(x, kept.exponentials);
            if (saved != nullptr) {
                rows.store(kept.maxima, maximum);
                rows.store(kept.log_sums, log_sum);
            }
            V smooth(0);
            if (smoothing != 0) {
                rows.for_classes(weight, [&, m = maximum, l = log_sum](index_t at, auto n, V w) {
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
    detail::finish_loss(sums, sums.weight, loss, kept.divisor, options.reduction);
}

/// The gradient of cross_entropy_forward: gx = g (Σ_c a_c softmax(x) - a), where a_c is the factor of -lp_c in the loss
/// and g the gradient of the row's loss (`gloss`: one for each row, or one in all), divided as the mean is.
template <class T, std::integral I, LossExtents Extents>
void cross_entropy_backward(Cpu, const T* x, const I* targets, const T* weight, const T* gloss,
                            const compute_t<T>* saved, T* gx, bool accumulate, Extents extents,
                            CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    if (gx == nullptr || extents.classes == 0) return;
    const detail::SavedSoftmax<const C> kept(saved, extents);
    const C smoothing = static_cast<C>(options.label_smoothing);
    const C smooth = smoothing / static_cast<C>(extents.classes);
    const C smooth_sum = smoothing != 0 ? smooth * detail::sum_of_weights(weight, extents.classes) : C(0);
    const auto task = [=](index_t begin, index_t end) {
        const C divisor = *kept.divisor;
        const C* const exponentials = kept.exponentials;
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            alignas(64) C smooth_scale[simd::width<T>] = {}, hot[simd::width<T>] = {}, scale[simd::width<T>] = {};
            alignas(64) C maxima[simd::width<T>];
            index_t positions[simd::width<T>] = {};
            const V maximum = rows.load(kept.maxima);
            maximum.store_aligned(maxima);
            for (index_t i = 0; i < rows.rows(); ++i) {
                const auto target = static_cast<index_t>(targets[rows.row + i]);
                positions[i] = rows.at(i, target == options.ignore_index ? 0 : target);
                if (target == options.ignore_index) continue;
                const C g = static_cast<C>(gloss[options.reduction == Reduction::none ? rows.row + i : 0]) / divisor;
                const C w = detail::weight_of(weight, target), factor = (1 - smoothing) * w;
                smooth_scale[i] = g * smooth;
                hot[i] = g * factor + smooth_scale[i] * w;
                scale[i] = g * (factor + smooth_sum);
            }
            // The target's own gradient stands apart: nothing of it is lost where T rounds before p - 1 is formed.
            const V smooths = rows.spread(smooth_scale);
            const V scales = rows.spread(scale) * math::exp(-rows.load(kept.log_sums));
            scales.store_aligned(scale);
            for (index_t i = 0; i < rows.rows(); ++i) {
                const index_t at = positions[i];
                const C e = exponentials != nullptr ? exponentials[at] : math::exp(static_cast<C>(x[at]) - maxima[i]);
                hot[i] = scale[i] * e - hot[i] + (accumulate ? static_cast<C>(gx[at]) : C(0));
            }
            rows.for_classes(weight, [&](index_t at, auto n, V w) {
                V g = scales * (exponentials != nullptr ? simd::load(exponentials + at, n)
                                                        : math::exp_of_negative(simd::load(x + at, n) - maximum));
                if (smoothing != 0) g -= smooths * w;
                simd::put(gx + at, g, n, accumulate);
            });
            for (index_t i = 0; i < rows.rows(); ++i) gx[positions[i]] = static_cast<T>(hot[i]);
        });
    };
    parallel_chunks(detail::row_items<T>(extents), detail::row_grain<T>(extents), task);
}

/// Cross entropy of logits x with class probabilities of the same shape. With t' = (1 - ε) t + ε / classes, a row's
/// loss is -Σ_c w_c t'_c lp_c; the mean divides by the number of rows. `weight` and `saved` may be null.
template <class T, LossExtents Extents>
void cross_entropy_forward(Cpu, const T* x, const T* targets, const T* weight, T* loss, compute_t<T>* saved,
                           Extents extents, CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const detail::SavedSoftmax<C> kept(saved, extents);
    const V keep(static_cast<C>(1 - options.label_smoothing));
    const V smooth(static_cast<C>(options.label_smoothing / static_cast<double>(extents.classes)));
    const auto task = [=](index_t begin, index_t end) {
        detail::LossSums sums;
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            const auto [maximum, log_sum] = rows.log_sums(x, kept.exponentials);
            if (saved != nullptr) {
                rows.store(kept.maxima, maximum);
                rows.store(kept.log_sums, log_sum);
            }
            V total(0);
            rows.for_classes(weight, [&, m = maximum, l = log_sum](index_t at, auto n, V w) {
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
    detail::finish_loss(sums, static_cast<double>(extents.rows()), loss, kept.divisor, options.reduction);
}

/// The gradients of cross_entropy_forward with probabilities: gx = g (Σ_c w_c t'_c softmax(x) - w t') and
/// gtargets = -g (1 - ε) w lp; either may be null.
template <class T, LossExtents Extents>
void cross_entropy_backward(Cpu, const T* x, const T* targets, const T* weight, const T* gloss,
                            const compute_t<T>* saved, T* gx, T* gtargets, bool accumulate, Extents extents,
                            CrossEntropyOptions options) {
    using C = compute_t<T>;
    using V = simd::batch<T>;
    const detail::SavedSoftmax<const C> kept(saved, extents);
    const V keep(static_cast<C>(1 - options.label_smoothing));
    const V smooth(static_cast<C>(options.label_smoothing / static_cast<double>(extents.classes)));
    const auto task = [=](index_t begin, index_t end) {
        const C divisor = *kept.divisor;
        const C* const exponentials = kept.exponentials;
        detail::for_rows<T>(extents, begin, end, [&](auto rows) {
            alignas(64) C scales[simd::width<T>] = {};
            for (index_t i = 0; i < rows.rows(); ++i)
                scales[i] = static_cast<C>(gloss[options.reduction == Reduction::none ? rows.row + i : 0]) / divisor;
            const V scale = rows.spread(scales);
            const V maximum = rows.load(kept.maxima), log_sum = rows.load(kept.log_sums), share = math::exp(-log_sum);
            V sum(0);
            if (gx != nullptr)
                rows.for_classes(weight, [&](index_t at, auto n, V w) {
                    sum += w * simd::fma(keep, simd::load(targets + at, n), smooth);
                });
            sum = rows.total(sum);
            rows.for_classes(weight, [&](index_t at, auto n, V w) {
                const V log_p = (simd::load(x + at, n) - maximum) - log_sum;
                const V t = simd::fma(keep, simd::load(targets + at, n), smooth);
                if (gx != nullptr) {
                    const V p = exponentials != nullptr ? simd::load(exponentials + at, n) * share : math::exp(log_p);
                    simd::put(gx + at, scale * (sum * p - w * t), n, accumulate);
                }
                if (gtargets != nullptr) simd::put(gtargets + at, -(scale * keep * w * log_p), n, accumulate);
            });
        });
    };
    parallel_chunks(detail::row_items<T>(extents), detail::row_grain<T>(extents), task);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
