// Models that only answer: batch normalisations are folded into the layers in front of them, weights lie as products read
// them, and nothing keeps gradients.
#pragma once

#include "xnn/cpu/channel_scale.hpp"
#include "xnn/cpu/transpose.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/frozen_weight.hpp"
#include "xnn/nn/normalization.hpp"

namespace xnn::nn {

namespace detail {

/// How a module type becomes one that only answers: most stay as they are.
template <class M>
struct freezing {
    using type = M;
    static type make(const M& module) { return module; }
};

/// A buffer as an operand beside x: of the device of x where nothing is computed, without extents where x has none. The
/// module must outlive the expression, as it must for its parameters: counting its uses would cost a small layer dearly.
template <class X, class T, class S, class Device>
constexpr auto constant_beside(const Buffer<T, S, Device>& buffer) {
    if constexpr (is_meta<X>)
        return MetaLeaf<T, S>{};
    else if constexpr (is_erased<X>)
        return erase(operand(buffer.value()));
    else
        return operand(buffer.value().view());
}

template <class Layer>
void fill_bias(const Layer& layer, auto& bias) {
    if constexpr (!std::same_as<std::remove_cvref_t<decltype(layer.bias)>, NoBias>) bias.value() = layer.bias.value();
}

/// Folds a batch normalisation into a layer, whose weights of a channel are `step` apart.
template <class Norm, class Layer>
void fold_into(Layer& layer, const Norm& norm, index_t channels, index_t channel_step, index_t count, index_t step) {
    using Weight = decltype(Layer::weight);
    using S = typename decltype(Norm::running_var)::value_type;
    kernels::ChannelScale<typename Weight::value_type, S> scale{
        norm.running_mean.data(), norm.running_var.data(), nullptr, nullptr, norm.eps, layer.weight.data(), channel_step, count, step, layer.bias.data()};
    if constexpr (!std::same_as<decltype(Norm::weight), Absent>) {
        scale.scale = norm.weight.data();
        scale.shift = norm.bias.data();
    }
    scale_channels(typename Weight::device{}, channels, scale);
}

}  // namespace detail

/// What freeze() makes of a model's type.
template <class M>
using frozen_t = typename detail::freezing<std::remove_cv_t<M>>::type;

/// A convolution of constants: Layer's forward without gradients. State: weight as Layer's, bias [out_channels]. Where the
/// convolution is one by Winograd's algorithm, the weight also stands in memory as that reads it.
template <class Layer>
struct FrozenConv : Module<FrozenConv<Layer>> {
    using T = typename decltype(Layer::weight)::value_type;
    using Device = typename decltype(Layer::weight)::device;
    using expects = typename Layer::expects;

    FrozenWeight<T, typename Layer::weight_shape, Device> weight;
    Buffer<T, typename Layer::bias_shape, Device> bias;

    static constexpr bool accepts(const auto& x) { return Layer::accepts(x); }
    template <class X>
    constexpr auto forward(X x) const {
        typename Layer::Work::Rule rule;
        if constexpr (!is_meta<X>) rule.derived = weight.derived();
        return Layer::Work::apply_rule(rule, std::move(x), detail::constant_beside<X>(weight), detail::constant_beside<X>(bias));
    }

    /// Takes over the work of a batch normalisation behind it.
    template <class Norm>
    void absorb(const Norm& norm) {
        constexpr index_t channels = Layer::bias_shape::static_size, size = Layer::weight_shape::static_size / channels;
        detail::fold_into(*this, norm, channels, size, size, 1);
    }
};

/// A linear layer of constants: [*, InFeatures] → [*, OutFeatures]. One that has taken over a batch normalisation only
/// takes [batch, InFeatures], for else the normalisation's channels were other ones. State: weight [InFeatures,
/// OutFeatures], the transpose of Linear's, and bias [OutFeatures].
template <index_t InFeatures, index_t OutFeatures, bool Normalizes = false, Floating T = float, class Device = DefaultDevice>
struct FrozenLinear : Module<FrozenLinear<InFeatures, OutFeatures, Normalizes, T, Device>> {
    using weight_shape = Shape<InFeatures, OutFeatures>;
    using expects = std::conditional_t<Normalizes, Expects<Shape<dyn, InFeatures>>, Expects<LastExtent<InFeatures>>>;

    Buffer<T, Shape<InFeatures, OutFeatures>, Device> weight;
    Buffer<T, Shape<OutFeatures>, Device> bias;

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        return (R == 2 || !Normalizes) && TurnedLinearRule::accepts(x, Dims<2>{InFeatures, OutFeatures});
    }
    template <class X>
    constexpr auto forward(X x) const {
        return xnn::apply(TurnedLinearRule{}, std::move(x), detail::constant_beside<X>(weight), detail::constant_beside<X>(bias));
    }

    /// Takes over the work of a batch normalisation behind it.
    template <class Norm>
    void absorb(const Norm& norm) {
        detail::fold_into(*this, norm, OutFeatures, 1, InFeatures, OutFeatures);
    }
};

namespace detail {

template <class M>
concept ConvModule = requires { typename M::Work; typename M::weight_shape; };

template <ConvModule M>
struct freezing<M> {
    using type = FrozenConv<M>;
    static type make(const M& layer) {
        type frozen;
        frozen.weight.value() = layer.weight.value();
        fill_bias(layer, frozen.bias);
        return frozen;
    }
};

template <class M, bool Normalizes>
struct freezing_linear;
template <index_t In, index_t Out, bool Bias, class T, class Device, bool Normalizes>
struct freezing_linear<Linear<In, Out, Bias, T, Device>, Normalizes> {
    using type = FrozenLinear<In, Out, Normalizes, T, Device>;
    static type make(const Linear<In, Out, Bias, T, Device>& layer) {
        type frozen;
        transpose(Device{}, layer.weight.data(), In, Out, In, frozen.weight.data(), Out);
        fill_bias(layer, frozen.bias);
        return frozen;
    }
};
template <index_t In, index_t Out, bool Bias, class T, class Device>
struct freezing<Linear<In, Out, Bias, T, Device>> : freezing_linear<Linear<In, Out, Bias, T, Device>, false> {};

/// Whether a module is a batch normalisation that has statistics of its own, for Channels channels.
template <class M, index_t Channels>
inline constexpr bool is_channel_scale = false;
template <index_t N, BatchNormOptions Options, class T, class Device>
inline constexpr bool is_channel_scale<BatchNorm1d<N, Options, T, Device>, N> = Options.track_running_stats;
template <index_t N, BatchNormOptions Options, class T, class Device>
inline constexpr bool is_channel_scale<BatchNorm2d<N, Options, T, Device>, N> = Options.track_running_stats;
template <index_t N, BatchNormOptions Options, class T, class Device>
inline constexpr bool is_channel_scale<BatchNorm3d<N, Options, T, Device>, N> = Options.track_running_stats;

/// What a layer becomes that takes over the work of the layer behind it, Next.
template <class M, class Next>
struct absorbing {
    static constexpr bool possible = false;
};
template <ConvModule M, class Next>
struct absorbing<M, Next> : freezing<M> {
    static constexpr bool possible = is_channel_scale<Next, M::bias_shape::static_size>;
};
template <index_t In, index_t Out, bool Bias, class T, class Device, class Next>
struct absorbing<Linear<In, Out, Bias, T, Device>, Next> : freezing_linear<Linear<In, Out, Bias, T, Device>, true> {
    static constexpr bool possible = is_channel_scale<Next, Out>;
};

template <std::size_t I, class Layers>
using layer_t = std::remove_cvref_t<decltype(get<I>(std::declval<const Layers&>()))>;

/// Whether layer I of a chain takes over the work of the next one.
template <std::size_t I, class Layers>
inline constexpr bool absorbs_next = [] {
    if constexpr (I < Layers::size && I + 1 < Layers::size)
        return absorbing<layer_t<I, Layers>, layer_t<I + 1, Layers>>::possible;
    else
        return false;
}();

/// Layer I of a chain, frozen. A layer whose work is done before it does nothing.
template <std::size_t I, class Layers>
auto frozen_layer(const Layers& layers) {
    if constexpr (absorbs_next<I - 1, Layers>) {
        return Identity{};
    } else if constexpr (absorbs_next<I, Layers>) {
        auto layer = absorbing<layer_t<I, Layers>, layer_t<I + 1, Layers>>::make(get<I>(layers));
        layer.absorb(get<I + 1>(layers));
        return layer;
    } else {
        return freezing<layer_t<I, Layers>>::make(get<I>(layers));
    }
}

template <class... L>
struct freezing<Sequential<L...>> {
    static auto make(const Sequential<L...>& chain) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return Sequential<decltype(frozen_layer<I>(chain.layers))...>(frozen_layer<I>(chain.layers)...);
        }(std::index_sequence_for<L...>{});
    }
    using type = decltype(make(std::declval<const Sequential<L...>&>()));
};
template <>
struct freezing<Sequential<>> {
    using type = Sequential<>;
    static type make(const type& chain) { return chain; }
};

template <std::size_t N, class Layer>
struct freezing<Repeated<N, Layer>> {
    using type = Repeated<N, frozen_t<Layer>>;
    static type make(const Repeated<N, Layer>& layers) {
        type frozen;
        for (std::size_t i = 0; i < N; ++i) frozen.layers[i] = freezing<Layer>::make(layers.layers[i]);
        return frozen;
    }
};

/// Whether a frozen layer can do the work of a normalisation behind it.
template <class Target, class Norm>
concept absorbs = requires(Target& target, const Norm& norm) {
    target.absorb(norm);
    norm.running_var;
};

/// A module that says which type it becomes: one with the same members, each frozen, except for a normalisation whose
/// place is taken by an Identity, for the member in front of it does its work.
template <class M>
    requires requires { typename M::frozen; }
struct freezing<M> {
    using type = typename M::frozen;
    static type make(const M& module) {
        type frozen;
        index_t i = 0, folded = -1;  // a place in both, and that of the last normalisation whose work is done before it
        visit_members(frozen, [&](std::string_view name, auto& target) {
            using Target = std::remove_cvref_t<decltype(target)>;
            bool done = i == folded;
            index_t j = 0;
            visit_members(module, [&](std::string_view, const auto& source) {
                using Source = std::remove_cvref_t<decltype(source)>;
                if constexpr (std::same_as<Target, frozen_t<Source>>) {
                    if (i == j) target = freezing<Source>::make(source);
                    done = done || i == j;
                }
                if constexpr (absorbs<Target, Source>)
                    if (j == i + 1 && is_identity(frozen, j)) {
                        absorb_into(target, source);
                        folded = j;
                    }
                ++j;
            });
            if (!done) fail("freeze", "a member in M::frozen that M's freezes to, or an Identity for a normalisation", std::string(name));
            ++i;
        });
        return frozen;
    }

private:
    // A function of its own: clang looks for a member of a known type before it knows what a generic lambda will be given.
    static void absorb_into(auto& target, const auto& norm) { target.absorb(norm); }
    static bool is_identity(const type& module, index_t place) {
        bool result = false;
        index_t i = 0;
        visit_members(module, [&](std::string_view, const auto& member) {
            if (i++ == place) result = std::same_as<std::remove_cvref_t<decltype(member)>, Identity>;
        });
        return result;
    }
};

}  // namespace detail

/// A copy of the model that answers as the model does out of training, to rounding, and can do nothing else: it keeps no
/// gradients. In a Sequential a batch normalisation with running statistics behind a convolution or a linear layer is folded
/// into it. The models of this library take part; a module of one's own stays as it is, unless it has a
/// `using frozen = …`, the type of a module with the same members, frozen: see models/resnet.hpp.
template <AnyModule M>
frozen_t<M> freeze(const M& model) {
    auto frozen = detail::freezing<M>::make(model);
    frozen.eval();
    frozen.requires_grad_(false);
    return frozen;
}

/// A member's type in a module that can be frozen, and is if Frozen.
template <bool Frozen, class Layer>
using FrozenIf = std::conditional_t<Frozen, typename detail::freezing<Layer>::type, Layer>;
/// The same for a normalisation whose work the member in front of it takes over.
template <bool Frozen, class Norm>
using FoldedIf = std::conditional_t<Frozen, Identity, Norm>;

}  // namespace xnn::nn
