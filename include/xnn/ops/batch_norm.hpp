// Batch normalisation, which also keeps statistics of what it has seen.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
#pragma once

#include <optional>

#include "xnn/cpu/batch_norm.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// What a layer remembers of the batches that it has seen; pointers are null where it remembers nothing.
template <class T>
struct RunningStatistics {
    T* mean = nullptr;
    T* variance = nullptr;
    std::int64_t* batches = nullptr;
};

/// x [batch, channels, d…], optionally weight and bias [channels]. T is the dtype of the running statistics, which each
/// evaluation in training updates once; without a momentum they are the mean over all batches.
template <class T>
struct BatchNormRule {
    static constexpr std::string_view name = "batch_norm";
    static constexpr bool takes_activation = true;
    RunningStatistics<T> running{};
    bool training = true;
    std::optional<double> momentum = 0.1;
    double eps = 1e-5;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x, const auto&...) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const auto&... per_channel) {
        if constexpr (R < 2)
            return false;
        else
            return (fits(per_channel, Dims<1>{x[1]}) && ...);
    }

    void check(auto x, auto...) const {
        const auto sizes = this->sizes(x);
        if (uses_batch() && sizes.count() <= 1)
            fail(name, "more than 1 value per channel in training", to_text(x.shape.extents()));
    }

    /// What the way back wants of the way forward.
    template <class C>
    struct Moments {
        C* mean;
        C* rstd;
    };

    template <class X, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& x, const auto&...) {
        return 2 * static_cast<index_t>(aligned_size(static_cast<std::size_t>(x[1]) * sizeof(compute_t<X>)));
    }

    auto forward(auto& arena, auto y, auto x, auto... per_channel) const {
        using X = typename decltype(x)::value_type;
        constexpr typename decltype(x)::device device;
        const auto sizes = this->sizes(x);
        const auto [weight, bias] = pointers<X>(per_channel.data...);
        const Moments<compute_t<X>> moments{arena.template allocate<compute_t<X>>(sizes.channels), arena.template allocate<compute_t<X>>(sizes.channels)};
        if (uses_batch()) {
            const bool remembers = training && running.mean != nullptr;
            const auto fresh = count_batch(device, remembers ? running.batches : nullptr, momentum);
            batch_norm_forward_training(device, x.data, weight, bias, y.data, moments.mean, moments.rstd, remembers ? running.mean : nullptr,
                                                 remembers ? running.variance : nullptr, sizes, eps, fresh);
        } else {
            batch_norm_forward_eval(device, x.data, weight, bias, y.data, moments.mean, moments.rstd, running.mean, running.variance, sizes, eps);
        }
        return moments;
    }

    template <class X, class C>
    void backward(auto&, const Moments<C>& moments, const auto& targets, const X* gy, const X*, auto x, auto... per_channel) const {
        const auto [weight, bias] = pointers<X>(per_channel.data...);
        const auto gx = get<0>(targets);
        Target<X> gw{}, gb{};
        if constexpr (sizeof...(per_channel) == 2) {
            gw = get<1>(targets);
            gb = get<2>(targets);
        }
        batch_norm_backward(typename decltype(x)::device{}, x.data, weight, gy, moments.mean, moments.rstd, gx.data, gx.accumulate, gw.data,
                                     gw.accumulate, gb.data, gb.accumulate, this->sizes(x), uses_batch());
    }

private:
    /// Out of training a layer without statistics of its own uses the batch's.
    bool uses_batch() const { return training || running.mean == nullptr; }
    static kernels::BatchNormExtents sizes(auto x) {
        const auto extents = x.shape.extents();
        return {extents[0], extents[1], product_or_dyn(extents, 2, extents.size())};
    }
    template <class X>
    struct Affine {
        const X* weight = nullptr;
        const X* bias = nullptr;
    };
    template <class X>
    static Affine<X> pointers(auto... data) { return Affine<X>{data...}; }
};

}  // namespace xnn
