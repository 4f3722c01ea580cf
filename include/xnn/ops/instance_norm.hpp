// Instance normalisation, which may keep statistics of what it has seen.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
#pragma once

#include "xnn/cpu/instance_norm.hpp"
#include "xnn/ops/batch_norm.hpp"

namespace xnn {

/// (x - mean) / √(variance + eps) with the moments of each channel of each image over its positions, or the running ones:
/// x [batch, channels, d…] or [channels, d…] with Spatial dimensions d. T is the dtype of the running statistics, which each
/// evaluation in training updates once.
template <class T, std::size_t Spatial>
struct InstanceNormRule {
    static constexpr std::string_view name = "instance_norm";
    RunningStatistics<T> running{};
    bool training = true;
    double momentum = 0.1;
    double eps = 1e-5;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return R == Spatial + 1 || R == Spatial + 2; }

    void check(auto x) const {
        if (uses_instances() && sizes(x).inner <= 1)
            fail(name, "more than 1 position for each channel", to_text(x.shape.extents()));
    }

    /// What the way back wants of the way forward.
    template <class C>
    struct Moments {
        C* mean;
        C* rstd;
    };

    template <class X, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& x) {
        const index_t channels = product_or_dyn(x, 0, R - Spatial);
        return 2 * static_cast<index_t>(aligned_size(static_cast<std::size_t>(channels) * sizeof(compute_t<X>)));
    }

    auto forward(auto& arena, auto y, auto x) const {
        using X = typename decltype(y)::value_type;
        using C = compute_t<X>;
        constexpr typename decltype(x)::device device;
        const auto n = sizes(x);
        const index_t instances = n.batch * n.channels;
        const Moments<C> moments{arena.template allocate<C>(instances), arena.template allocate<C>(instances)};
        const X* none = nullptr;
        if (!uses_instances()) {
            batch_norm_forward_eval(device, x.data, none, none, y.data, moments.mean, moments.rstd, running.mean, running.variance, n, eps);
            return moments;
        }
        X *means = nullptr, *variances = nullptr;
        if (training && running.mean != nullptr) {
            means = arena.template allocate<X>(instances);
            variances = arena.template allocate<X>(instances);
            fill(device, means, instances, X(0));
            fill(device, variances, instances, X(0));
        }
        // Each channel of each image is a channel of one large image; with a momentum of 1 its moments are the running ones.
        const kernels::BatchNormExtents one{1, instances, n.inner};
        batch_norm_forward_training(device, x.data, none, none, y.data, moments.mean, moments.rstd, means, variances, one, eps, 1.0);
        if (means != nullptr) {
            average_instances(device, means, running.mean, n.batch, n.channels, momentum);
            average_instances(device, variances, running.variance, n.batch, n.channels, momentum);
        }
        return moments;
    }

    template <class X, class C>
    void backward(auto&, const Moments<C>& moments, const auto& targets, const X* gy, const X*, auto x) const {
        const auto n = sizes(x);
        const auto gx = get<0>(targets);
        const kernels::BatchNormExtents extents = uses_instances() ? kernels::BatchNormExtents{1, n.batch * n.channels, n.inner} : n;
        const X* weight = nullptr;
        X* none = nullptr;
        batch_norm_backward(typename decltype(x)::device{}, x.data, weight, gy, moments.mean, moments.rstd, gx.data, gx.accumulate, none, false,
                                     none, false, extents, uses_instances());
    }

private:
    /// Out of training a layer without statistics of its own uses the images'.
    bool uses_instances() const { return training || running.mean == nullptr; }
    static kernels::BatchNormExtents sizes(auto x) {
        const auto extents = x.shape.extents();
        const std::size_t channels = extents.size() - Spatial - 1;
        return {product_or_dyn(extents, 0, channels), extents[channels], product_or_dyn(extents, channels + 1, extents.size())};
    }
};

}  // namespace xnn
