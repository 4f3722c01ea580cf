// Normalisation layers. https://pytorch.org/docs/stable/nn.html#normalization-layers
#pragma once

#include "xnn/nn/linear.hpp"
#include "xnn/ops/batch_norm.hpp"
#include "xnn/ops/group_norm.hpp"
#include "xnn/ops/instance_norm.hpp"
#include "xnn/ops/layer_norm.hpp"
#include "xnn/ops/local_response_norm.hpp"
#include "xnn/ops/reshape.hpp"

namespace xnn::nn {

/// The arguments of a batch normalisation that decide what it holds, with PyTorch's names and defaults.
struct BatchNormOptions {
    bool affine = true;
    bool track_running_stats = true;
};

namespace detail {

/// Stands for a tensor that a layer does not have.
struct Absent {};

template <bool Present, class T, class S, class Device>
using OptionalParameter = std::conditional_t<Present, Parameter<T, S, Device>, Absent>;
template <bool Present, class T, class S, class Device>
using OptionalBuffer = std::conditional_t<Present, Buffer<T, S, Device>, Absent>;

/// Fills the tensor of something that may be absent.
template <class Holder>
void fill_present(Holder& holder, int number) {
    if constexpr (!std::same_as<Holder, Absent>) holder.value().fill(static_cast<typename Holder::value_type>(number));
}
template <std::size_t Rank, index_t Channels, class = std::make_index_sequence<Rank - 2>>
struct NormInput;
template <std::size_t Rank, index_t Channels, std::size_t... I>
struct NormInput<Rank, Channels, std::index_sequence<I...>> {
    using type = Expects<Shape<dyn, Channels, ((void)I, dyn)...>>;
};

/// x weight + bias with a number for each channel, where Spatial dimensions follow the channels'.
template <std::size_t Spatial, class X, class W, class B>
constexpr auto scale_channels(X x, const W& weight, const B& bias) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return std::move(x) * xnn::functional::reshape<W::shape_type::static_size, ((void)I, 1)...>(weight) +
               xnn::functional::reshape<B::shape_type::static_size, ((void)I, 1)...>(bias);
    }(std::make_index_sequence<Spatial>{});
}

/// A group normalisation with a weight and bias: devices other than the Cpu, whose kernels do not know these, apply them behind it.
template <index_t Groups, class X, class W, class B>
constexpr auto group_norm(X x, GroupNormRule<Groups> rule, const W& weight, const B& bias) {
    if constexpr (is_meta<X> || std::same_as<device_t<X>, Cpu>)
        return xnn::apply(rule, std::move(x), weight, bias);
    else
        return scale_channels<shape_t<X>::rank - 2>(xnn::apply(rule, std::move(x)), weight, bias);
}

template <class Holder, class F>
constexpr void visit_present(std::string_view name, Holder& holder, F& f) {
    if constexpr (!std::same_as<std::remove_const_t<Holder>, Absent>) f(name, holder);
}

/// What the normalisations of channels hold: a weight and bias and running averages, so far as their options want them.
template <class Self, index_t NumFeatures, bool Affine, bool Track, class T, class Device>
struct ChannelNorm : Module<Self> {
    using features = Shape<NumFeatures>;

    OptionalParameter<Affine, T, features, Device> weight;
    OptionalParameter<Affine, T, features, Device> bias;
    OptionalBuffer<Track, T, features, Device> running_mean;
    OptionalBuffer<Track, T, features, Device> running_var;
    OptionalBuffer<Track, std::int64_t, Shape<>, Device> num_batches_tracked;
    double eps;
    std::optional<double> momentum;
    bool training = true;

    ChannelNorm() : ChannelNorm(1e-5) {}
    [[gnu::cold, gnu::noinline]] explicit ChannelNorm(double epsilon, std::optional<double> update = 0.1) : eps(epsilon), momentum(update) {
        reset_parameters();
    }

    /// The values that a new layer has.
    void reset_parameters() {
        fill_present(weight, 1);
        fill_present(bias, 0);
        reset_running_stats();
    }
    void reset_running_stats() {
        fill_present(running_mean, 0);
        fill_present(running_var, 1);
        fill_present(num_batches_tracked, 0);
    }

    template <class Layer, class F>
    static constexpr void visit_own_members(Layer& self, F&& f) {
        visit_present("weight", self.weight, f);
        visit_present("bias", self.bias, f);
        visit_present("running_mean", self.running_mean, f);
        visit_present("running_var", self.running_var, f);
        visit_present("num_batches_tracked", self.num_batches_tracked, f);
    }
};

}  // namespace detail

/// What the batch normalisations share: x [batch, channels, d…] with MinRank to MaxRank dimensions.
/// y = (x - mean) / √(variance + eps) weight + bias, with the moments of each channel over batch and positions. Out of
/// training (`eval()`) running averages of them take their place: running = (1 - momentum) running + momentum new. Momentum
/// none means the average over all batches. Members eps and momentum may be changed.
template <class Self, std::size_t MinRank, std::size_t MaxRank, index_t NumFeatures, BatchNormOptions Options, Floating T, class Device>
struct BatchNormLayer : detail::ChannelNorm<Self, NumFeatures, Options.affine, Options.track_running_stats, T, Device> {
    using detail::ChannelNorm<Self, NumFeatures, Options.affine, Options.track_running_stats, T, Device>::ChannelNorm;
    using expects = typename detail::NormInput<MinRank, NumFeatures>::type;

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R < MinRank || R > MaxRank)
            return false;
        else
            return fits(x[1], NumFeatures);
    }
    constexpr auto forward(auto x) const {
        BatchNormRule<T> rule;
        if constexpr (!is_meta<decltype(x)>) {  // whose cost is a constant: it may not look at the object
            rule.training = this->training;
            rule.momentum = this->momentum;
            rule.eps = this->eps;
            if constexpr (Options.track_running_stats)
                rule.running = {this->running_mean.data(), this->running_var.data(), this->num_batches_tracked.data()};
        }
        if constexpr (Options.affine)
            return xnn::apply(rule, std::move(x), this->weight, this->bias);
        else
            return xnn::apply(rule, std::move(x));
    }
};

/// Batch normalisation of [batch, features] or [batch, features, length]: `BatchNorm1d<64> norm{eps, momentum}`.
/// State: weight, bias, running_mean, running_var [features], num_batches_tracked [].
/// https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
template <index_t NumFeatures, BatchNormOptions Options = BatchNormOptions{}, Floating T = float, class Device = DefaultDevice>
struct BatchNorm1d : BatchNormLayer<BatchNorm1d<NumFeatures, Options, T, Device>, 2, 3, NumFeatures, Options, T, Device> {
    using BatchNormLayer<BatchNorm1d, 2, 3, NumFeatures, Options, T, Device>::BatchNormLayer;
};
/// Batch normalisation of [batch, features, height, width].
/// https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
template <index_t NumFeatures, BatchNormOptions Options = BatchNormOptions{}, Floating T = float, class Device = DefaultDevice>
struct BatchNorm2d : BatchNormLayer<BatchNorm2d<NumFeatures, Options, T, Device>, 4, 4, NumFeatures, Options, T, Device> {
    using BatchNormLayer<BatchNorm2d, 4, 4, NumFeatures, Options, T, Device>::BatchNormLayer;
};

/// Batch normalisation of [batch, features, depth, height, width].
/// https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
template <index_t NumFeatures, BatchNormOptions Options = BatchNormOptions{}, Floating T = float, class Device = DefaultDevice>
struct BatchNorm3d : BatchNormLayer<BatchNorm3d<NumFeatures, Options, T, Device>, 5, 5, NumFeatures, Options, T, Device> {
    using BatchNormLayer<BatchNorm3d, 5, 5, NumFeatures, Options, T, Device>::BatchNormLayer;
};

/// The arguments of an instance normalisation that decide what it holds, with PyTorch's names and defaults.
struct InstanceNormOptions {
    bool affine = false;
    bool track_running_stats = false;
};

/// What the instance normalisations share: x [batch, features, d…] or [features, d…] with Spatial dimensions d.
/// y = (x - mean) / √(variance + eps) weight + bias, with the moments of each channel of each image over its positions. A
/// layer that tracks statistics uses running averages of them out of training. As PyTorch's it does not count batches, and
/// keeps its averages as they are without a momentum. Members eps and momentum may be changed.
template <class Self, std::size_t Spatial, index_t NumFeatures, InstanceNormOptions Options, Floating T, class Device>
struct InstanceNormLayer : detail::ChannelNorm<Self, NumFeatures, Options.affine, Options.track_running_stats, T, Device> {
    using detail::ChannelNorm<Self, NumFeatures, Options.affine, Options.track_running_stats, T, Device>::ChannelNorm;
    using expects = typename detail::NormInput<Spatial + 2, NumFeatures>::type;

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R != Spatial + 1 && R != Spatial + 2)
            return false;
        else
            return fits(x[R - Spatial - 1], NumFeatures);
    }
    constexpr auto forward(auto x) const {
        InstanceNormRule<T, Spatial> rule;
        if constexpr (!is_meta<decltype(x)>) {  // whose cost is a constant: it may not look at the object
            rule.training = this->training;
            rule.momentum = this->momentum.value_or(0);
            rule.eps = this->eps;
            if constexpr (Options.track_running_stats) rule.running = {this->running_mean.data(), this->running_var.data(), nullptr};
        }
        if constexpr (Options.affine)
            return detail::scale_channels<Spatial>(xnn::apply(rule, std::move(x)), this->weight, this->bias);
        else
            return xnn::apply(rule, std::move(x));
    }
};

/// Instance normalisation of [batch, features, length] or [features, length]: `InstanceNorm1d<64> norm{eps, momentum}`.
/// State with affine: weight, bias [features]; with track_running_stats: running_mean, running_var [features],
/// num_batches_tracked []. https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
template <index_t NumFeatures, InstanceNormOptions Options = InstanceNormOptions{}, Floating T = float, class Device = DefaultDevice>
struct InstanceNorm1d : InstanceNormLayer<InstanceNorm1d<NumFeatures, Options, T, Device>, 1, NumFeatures, Options, T, Device> {
    using InstanceNormLayer<InstanceNorm1d, 1, NumFeatures, Options, T, Device>::InstanceNormLayer;
};
/// Instance normalisation of [batch, features, height, width] or one image.
/// https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
template <index_t NumFeatures, InstanceNormOptions Options = InstanceNormOptions{}, Floating T = float, class Device = DefaultDevice>
struct InstanceNorm2d : InstanceNormLayer<InstanceNorm2d<NumFeatures, Options, T, Device>, 2, NumFeatures, Options, T, Device> {
    using InstanceNormLayer<InstanceNorm2d, 2, NumFeatures, Options, T, Device>::InstanceNormLayer;
};
/// Instance normalisation of [batch, features, depth, height, width] or one volume.
/// https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
template <index_t NumFeatures, InstanceNormOptions Options = InstanceNormOptions{}, Floating T = float, class Device = DefaultDevice>
struct InstanceNorm3d : InstanceNormLayer<InstanceNorm3d<NumFeatures, Options, T, Device>, 3, NumFeatures, Options, T, Device> {
    using InstanceNormLayer<InstanceNorm3d, 3, NumFeatures, Options, T, Device>::InstanceNormLayer;
};

/// y = (x - mean) / √(variance + eps) weight + bias, with the moments of each of NumGroups groups of neighbouring channels
/// of each image: [batch, NumChannels, d…] → the same. `GroupNorm<3, 6> norm{eps}`. State: weight, bias [NumChannels].
/// https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
template <index_t NumGroups, index_t NumChannels, bool Affine = true, Floating T = float, class Device = DefaultDevice>
struct GroupNorm : Module<GroupNorm<NumGroups, NumChannels, Affine, T, Device>> {
    static_assert(NumGroups > 0 && NumChannels % NumGroups == 0, "num_channels must be divisible by num_groups");
    using expects = Expects<Shape<dyn, NumChannels>>;  // as first dimensions

    detail::OptionalParameter<Affine, T, Shape<NumChannels>, Device> weight;
    detail::OptionalParameter<Affine, T, Shape<NumChannels>, Device> bias;
    double eps;

    GroupNorm() : GroupNorm(1e-5) {}
    explicit GroupNorm(double epsilon) : eps(epsilon) { reset_parameters(); }

    void reset_parameters() {
        detail::fill_present(weight, 1);
        detail::fill_present(bias, 0);
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        detail::visit_present("weight", self.weight, f);
        detail::visit_present("bias", self.bias, f);
    }

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R < 2)
            return false;
        else
            return fits(x[1], NumChannels);
    }
    template <class X>
    constexpr auto forward(X x) const {
        GroupNormRule<NumGroups> rule{};
        if constexpr (!is_meta<X>) rule.eps = this->eps;
        if constexpr (Affine)
            return detail::group_norm(std::move(x), rule, this->weight, this->bias);
        else
            return xnn::apply(rule, std::move(x));
    }
};

/// y = x / (k + alpha mean(x²))^beta with the mean over Size neighbouring channels, those outside counted as 0:
/// [batch, channels, d…] → the same. `LocalResponseNorm<5> norm{alpha, beta, k}`.
/// https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
template <index_t Size>
struct LocalResponseNorm : Module<LocalResponseNorm<Size>> {
    static_assert(Size > 0, "LocalResponseNorm: a size of at least 1");
    using expects = Expects<Shape<dyn, dyn, dyn>>;

    double alpha;
    double beta;
    double k;

    constexpr explicit LocalResponseNorm(double scale = 1e-4, double power = 0.75, double offset = 1) : alpha(scale), beta(power), k(offset) {}

    template <class Self, class F>
    static constexpr void visit_own_members(Self&, F&&) {}

    static constexpr bool accepts(const auto& x) { return ChannelMeanRule<Size>::accepts(x); }
    template <class X>
    constexpr auto forward(X x) const {
        if constexpr (is_meta<X>)  // whose cost is a constant: it may not look at the object
            return xnn::functional::local_response_norm<Size>(std::move(x), 1e-4, 0.75, 1.0);
        else
            return xnn::functional::local_response_norm<Size>(std::move(x), alpha, beta, k);
    }
};

/// The arguments of a layer normalisation that decide what it holds, with PyTorch's names and defaults.
struct LayerNormOptions {
    bool elementwise_affine = true;
    bool bias = true;
};

/// y = (x - mean) / √(variance + eps) weight + bias with the moments over the last dimensions, those of NormalizedShape:
/// [*, NormalizedShape…] → the same. `LayerNorm<Shape<64>> norm{eps}`. State: weight, bias [NormalizedShape…].
/// https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
template <AnyShape NormalizedShape, LayerNormOptions Options = LayerNormOptions{}, Floating T = float, class Device = DefaultDevice>
struct LayerNorm : Module<LayerNorm<NormalizedShape, Options, T, Device>> {
    static_assert(NormalizedShape::is_static, "the normalised extents are numbers");
    using expects = Expects<NormalizedShape>;  // as last dimensions

    detail::OptionalParameter<Options.elementwise_affine, T, NormalizedShape, Device> weight;
    detail::OptionalParameter<Options.elementwise_affine && Options.bias, T, NormalizedShape, Device> bias;
    double eps;

    LayerNorm() : LayerNorm(1e-5) {}
    explicit LayerNorm(double epsilon) : eps(epsilon) { reset_parameters(); }

    void reset_parameters() {
        detail::fill_present(weight, 1);
        detail::fill_present(bias, 0);
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        detail::visit_present("weight", self.weight, f);
        detail::visit_present("bias", self.bias, f);
    }

    static constexpr bool accepts(const auto& x) { return LayerNormRule<NormalizedShape>::accepts(x); }
    constexpr auto forward(auto x) const {
        LayerNormRule<NormalizedShape> rule{};
        if constexpr (!is_meta<decltype(x)>) rule.eps = eps;
        if constexpr (!Options.elementwise_affine)
            return xnn::functional::layer_norm(std::move(x), rule);
        else if constexpr (!Options.bias)
            return xnn::functional::layer_norm(std::move(x), rule, weight);
        else
            return xnn::functional::layer_norm(std::move(x), rule, weight, bias);
    }
};

}  // namespace xnn::nn
