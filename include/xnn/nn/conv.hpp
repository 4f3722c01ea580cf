// Convolution layers. https://pytorch.org/docs/stable/nn.html#convolution-layers
#pragma once

#include "xnn/nn/linear.hpp"
#include "xnn/nn/sizes.hpp"
#include "xnn/ops/conv.hpp"
#include "xnn/ops/pad.hpp"

namespace xnn::nn {

/// As a convolution's padding: so much that the output is as large as the input; an odd element more stands behind. PyTorch's
/// "same", for a stride of 1.
inline constexpr Sizes same = -1;
/// As a convolution's padding: none, PyTorch's "valid".
inline constexpr Sizes valid = 0;

/// The arguments of a convolution beyond channels and kernel size, with PyTorch's names and defaults.
struct ConvOptions {
    Sizes stride = 1;
    Sizes padding = 0;
    Sizes dilation = 1;
    index_t groups = 1;
    bool bias = true;
    PaddingMode padding_mode = PaddingMode::zeros;
};

/// The arguments of a transposed convolution beyond channels and kernel size, with PyTorch's names and defaults.
struct ConvTransposeOptions {
    Sizes stride = 1;
    Sizes padding = 0;
    Sizes output_padding = 0;
    index_t groups = 1;
    bool bias = true;
    Sizes dilation = 1;
};

namespace detail {

/// A ConvWindow as a type; convolutions that move alike have one, whatever else their options say.
template <std::size_t Rank, Sizes Stride, Sizes Before, Sizes After, Sizes Dilation, index_t Groups>
struct WindowOf {
    static constexpr ConvWindow<Rank> value{Stride.template dims<Rank>(), Before.template dims<Rank>(), After.template dims<Rank>(),
                                            Dilation.template dims<Rank>(), Groups};
};

/// How much a convolution pads its input.
template <std::size_t Rank>
struct ConvPadding {
    Dims<Rank> before;
    Dims<Rank> after;

    constexpr ConvPadding(const ConvOptions& options, const Dims<Rank>& kernel)
        : before(options.padding.dims<Rank>()), after(before) {
        if (options.padding != same) return;
        const auto dilation = options.dilation.dims<Rank>();
        for (std::size_t i = 0; i < Rank; ++i) {
            const index_t total = dilation[i] * (kernel[i] - 1);
            before[i] = total / 2;
            after[i] = total - before[i];
        }
    }
    constexpr bool none() const { return before == Dims<Rank>{} && after == Dims<Rank>{}; }
    constexpr Pads pads() const {
        if constexpr (Rank == 1)
            return {before[0], after[0]};
        else if constexpr (Rank == 2)
            return {before[1], after[1], before[0], after[0]};
        else
            return {before[2], after[2], before[1], after[1], before[0], after[0]};
    }
};

constexpr bool at_least(index_t lowest, const Sizes& sizes) {
    return sizes.first >= lowest && (sizes.count == 1 || (sizes.second >= lowest && (sizes.count == 2 || sizes.third >= lowest)));
}

/// How a convolution with these options is made of a padding, if zeros will not do, and a rule.
template <std::size_t Rank, ConvOptions Options, Sizes Kernel>
struct Convolution {
    static_assert(at_least(1, Kernel) && at_least(1, Options.stride) && at_least(1, Options.dilation),
                  "kernel_size, stride and dilation are positive numbers");
    static_assert(Options.padding == same || at_least(0, Options.padding), "a convolution's padding is not negative");
    static_assert(Options.padding != same || Options.stride == Sizes(1), "padding = same needs a stride of 1");

    static constexpr ConvPadding<Rank> padding{Options, Kernel.template dims<Rank>()};
    static constexpr bool pads_first = Options.padding_mode != PaddingMode::zeros && !padding.none();
    using Window = WindowOf<Rank, Options.stride, pads_first ? Sizes(0) : Sizes::of(padding.before),
                            pads_first ? Sizes(0) : Sizes::of(padding.after), Options.dilation, Options.groups>;
    using Rule = ConvRule<Window>;
    using Pad = PadRule<PadsOf<Rank, padding.pads()>, Options.padding_mode>;

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const Dims<Rank + 2>& weight) {
        if constexpr (R != Rank + 1 && R != Rank + 2)
            return false;
        else if constexpr (pads_first)
            return Pad::accepts(x) && Rule::accepts(Pad::extents(x), weight);
        else
            return Rule::accepts(x, weight);
    }
    template <class X, class... Rest>
    static constexpr auto apply(X&& x, Rest&&... weight_and_bias) {
        return apply_rule(Rule{}, std::forward<X>(x), std::forward<Rest>(weight_and_bias)...);
    }
    template <class X, class... Rest>
    static constexpr auto apply_rule(Rule rule, X&& x, Rest&&... weight_and_bias) {
        if constexpr (pads_first)
            return xnn::apply(rule, xnn::apply(Pad{}, std::forward<X>(x)), std::forward<Rest>(weight_and_bias)...);
        else
            return xnn::apply(rule, std::forward<X>(x), std::forward<Rest>(weight_and_bias)...);
    }
};

/// The convolution of an array with any weight. Only the padding `same` depends on the kernel's size, and asks for one
/// that is known.
template <std::size_t Rank, ConvOptions Options, class X, class W, class... Bias>
constexpr auto convolve(X&& x, W&& weight, Bias&&... bias) {
    constexpr Sizes kernel = [] {
        using Weight = shape_t<operand_t<W>>;
        if constexpr (Options.padding != same || Weight::rank != Rank + 2) {
            return Sizes(1);
        } else {
            Dims<Rank> extents{};
            std::copy(Weight::static_extents.begin() + 2, Weight::static_extents.end(), extents.begin());
            return Sizes::of(extents);
        }
    }();
    return Convolution<Rank, Options, kernel>::apply(std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}

/// How far the padding of the convolution that a transposed one is the gradient of reaches behind.
template <std::size_t Rank>
constexpr Dims<Rank> pad_after_transposed(const ConvTransposeOptions& options) {
    auto after = options.padding.dims<Rank>();
    const auto added = options.output_padding.dims<Rank>();
    for (std::size_t i = 0; i < Rank; ++i) after[i] -= added[i];
    return after;
}
/// An output padding of whole steps of stride and dilation would say nothing that the input's extent does not.
template <std::size_t Rank>
constexpr bool is_output_padding(const ConvTransposeOptions& options) {
    const auto stride = options.stride.dims<Rank>(), dilation = options.dilation.dims<Rank>(), added = options.output_padding.dims<Rank>();
    for (std::size_t i = 0; i < Rank; ++i)
        if (added[i] < 0 || added[i] >= std::max(stride[i], dilation[i])) return false;
    return true;
}

/// The same for a transposed convolution.
template <std::size_t Rank, ConvTransposeOptions Options>
struct TransposedConvolution {
    static_assert(at_least(1, Options.stride) && at_least(1, Options.dilation), "stride and dilation are positive numbers");
    static_assert(at_least(0, Options.padding), "a convolution's padding is not negative");
    static_assert(is_output_padding<Rank>(Options), "output_padding must be smaller than stride or dilation");
    using Rule = ConvTransposeRule<WindowOf<Rank, Options.stride, Options.padding, Sizes::of(pad_after_transposed<Rank>(Options)),
                                            Options.dilation, Options.groups>>;
    /// The same for an output size that the call says.
    using SizedRule = ConvTransposeRule<WindowOf<Rank, Options.stride, Options.padding, Options.padding, Options.dilation, Options.groups>, true>;
};

template <std::size_t Rank, index_t First, index_t Second, Sizes Kernel>
struct ConvWeight {
    static constexpr auto kernel = Kernel.template dims<Rank>();
    template <std::size_t... I>
    static Shape<First, Second, kernel[I]...> shape(std::index_sequence<I...>);
    using type = decltype(shape(std::make_index_sequence<Rank>{}));
};

template <std::size_t Rank, index_t Channels, class = std::make_index_sequence<Rank>>
struct ConvInput;
template <std::size_t Rank, index_t Channels, std::size_t... I>
struct ConvInput<Rank, Channels, std::index_sequence<I...>> {
    using type = Shape<dyn, Channels, ((void)I, dyn)...>;
};

/// What convolutions hold. PyTorch takes a weight's second extent for the number of inputs, in transposed ones, too.
template <class Self, class WeightShape, index_t OutChannels, bool Bias, Floating T, class Device>
struct ConvState : Module<Self> {
    using weight_shape = WeightShape;
    using bias_shape = Shape<OutChannels>;
    static constexpr index_t fan_in = weight_shape::static_size / weight_shape::static_extents[0];

    Parameter<T, weight_shape, Device> weight{init::default_for(fan_in)};
    std::conditional_t<Bias, Parameter<T, bias_shape, Device>, NoBias> bias = make_bias();

    template <class Layer, class F>
    static constexpr void visit_own_members(Layer& self, F&& f) {
        f("weight", self.weight);
        if constexpr (Bias) f("bias", self.bias);
    }

private:
    static auto make_bias() {
        if constexpr (Bias)
            return Parameter<T, bias_shape, Device>(init::default_for(fan_in));
        else
            return NoBias{};
    }
};

/// A convolution over Rank dimensions: [batch, in_channels, d…] → [batch, out_channels, d'…], with
/// d' = floor((d + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1. The batch may be absent.
/// State: weight [out_channels, in_channels / groups, kernel_size…], bias [out_channels].
template <class Self, std::size_t Rank, index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvOptions Options, Floating T, class Device>
struct ConvLayer : ConvState<Self, typename ConvWeight<Rank, OutChannels, InChannels / Options.groups, KernelSize>::type, OutChannels, Options.bias, T, Device> {
    static_assert(InChannels % Options.groups == 0 && OutChannels % Options.groups == 0, "channels must be divisible by groups");
    using Work = Convolution<Rank, Options, KernelSize>;
    static_assert(sizeof(Work) > 0);  // which judges the options, where the layer is named
    using expects = Expects<typename ConvInput<Rank, InChannels>::type>;

    static constexpr bool accepts(const auto& x) { return Work::accepts(x, ConvLayer::weight_shape::static_extents); }

    constexpr auto forward(auto x) const {
        if constexpr (Options.bias)
            return Work::apply(std::move(x), this->weight, this->bias);
        else
            return Work::apply(std::move(x), this->weight);
    }
};

/// A transposed convolution over Rank dimensions: [batch, in_channels, d…] → [batch, out_channels, d'…], with
/// d' = (d - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1. The batch may be absent. A call may say what
/// d' is to be in place of the output_padding, `up(x, Shape<28, dyn>(n))`, less than a stride above what it is without.
/// State: weight [in_channels, out_channels / groups, kernel_size…], bias [out_channels].
template <class Self, std::size_t Rank, index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvTransposeOptions Options, Floating T, class Device>
struct ConvTransposeLayer
    : ConvState<Self, typename ConvWeight<Rank, InChannels, OutChannels / Options.groups, KernelSize>::type, OutChannels, Options.bias, T, Device> {
    static_assert(InChannels % Options.groups == 0 && OutChannels % Options.groups == 0, "channels must be divisible by groups");
    using Transposed = TransposedConvolution<Rank, Options>;
    static_assert(sizeof(Transposed) > 0);  // which judges the options, where the layer is named
    using expects = Expects<typename ConvInput<Rank, InChannels>::type>;

    static constexpr bool accepts(const auto& x) { return Transposed::Rule::accepts(x, ConvTransposeLayer::weight_shape::static_extents); }
    static constexpr bool accepts(const auto& x, const auto& output_size) {
        return Transposed::SizedRule::accepts(x, ConvTransposeLayer::weight_shape::static_extents, output_size);
    }

    using Module<Self>::operator();
    template <Operand X, AnyShape S>
    constexpr auto operator()(X&& x, const S& output_size) const {
        return (*this)(std::forward<X>(x), TensorView<const bool, S, Device>{nullptr, output_size});
    }

    constexpr auto forward(auto x) const { return apply_rule(typename Transposed::Rule{}, std::move(x)); }
    constexpr auto forward(auto x, auto output_size) const { return apply_rule(typename Transposed::SizedRule{}, std::move(x), std::move(output_size)); }

private:
    template <class Rule, class X, class... Size>
    constexpr auto apply_rule(Rule rule, X x, Size... size) const {
        if constexpr (Options.bias)
            return xnn::apply(rule, std::move(x), this->weight, std::move(size)..., this->bias);
        else
            return xnn::apply(rule, std::move(x), this->weight, std::move(size)...);
    }
};

}  // namespace detail

/// A convolution over [batch, in_channels, length]. https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvOptions Options = ConvOptions{}, Floating T = float, class Device = DefaultDevice>
struct Conv1d : detail::ConvLayer<Conv1d<InChannels, OutChannels, KernelSize, Options, T, Device>, 1, InChannels, OutChannels, KernelSize, Options, T, Device> {};
/// A convolution over [batch, in_channels, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvOptions Options = ConvOptions{}, Floating T = float, class Device = DefaultDevice>
struct Conv2d : detail::ConvLayer<Conv2d<InChannels, OutChannels, KernelSize, Options, T, Device>, 2, InChannels, OutChannels, KernelSize, Options, T, Device> {};
/// A convolution over [batch, in_channels, depth, height, width].
/// https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvOptions Options = ConvOptions{}, Floating T = float, class Device = DefaultDevice>
struct Conv3d : detail::ConvLayer<Conv3d<InChannels, OutChannels, KernelSize, Options, T, Device>, 3, InChannels, OutChannels, KernelSize, Options, T, Device> {};

/// A transposed convolution over [batch, in_channels, length].
/// https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvTransposeOptions Options = ConvTransposeOptions{}, Floating T = float, class Device = DefaultDevice>
struct ConvTranspose1d
    : detail::ConvTransposeLayer<ConvTranspose1d<InChannels, OutChannels, KernelSize, Options, T, Device>, 1, InChannels, OutChannels, KernelSize, Options, T, Device> {};
/// A transposed convolution over [batch, in_channels, height, width].
/// https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvTransposeOptions Options = ConvTransposeOptions{}, Floating T = float, class Device = DefaultDevice>
struct ConvTranspose2d
    : detail::ConvTransposeLayer<ConvTranspose2d<InChannels, OutChannels, KernelSize, Options, T, Device>, 2, InChannels, OutChannels, KernelSize, Options, T, Device> {};
/// A transposed convolution over [batch, in_channels, depth, height, width].
/// https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvTransposeOptions Options = ConvTransposeOptions{}, Floating T = float, class Device = DefaultDevice>
struct ConvTranspose3d
    : detail::ConvTransposeLayer<ConvTranspose3d<InChannels, OutChannels, KernelSize, Options, T, Device>, 3, InChannels, OutChannels, KernelSize, Options, T, Device> {};

}  // namespace xnn::nn
