// Convolution layers. https://pytorch.org/docs/stable/nn.html#convolution-layers
#pragma once

#include "xnn/nn/linear.hpp"
#include "xnn/nn/sizes.hpp"
#include "xnn/ops/conv.hpp"

namespace xnn::nn {

/// The arguments of a convolution beyond channels and kernel size, with PyTorch's names and defaults.
struct ConvOptions {
    Sizes stride = 1;
    Sizes padding = 0;
    Sizes dilation = 1;
    index_t groups = 1;
    bool bias = true;
};

namespace detail {

template <std::size_t Rank, ConvOptions Options>
struct WindowOf {
    static constexpr ConvWindow<Rank> value{Options.stride.template dims<Rank>(), Options.padding.template dims<Rank>(),
                                            Options.padding.template dims<Rank>(), Options.dilation.template dims<Rank>(), Options.groups};
};

template <std::size_t Rank, index_t Out, index_t In, Sizes Kernel>
struct ConvWeight {
    static constexpr auto kernel = Kernel.template dims<Rank>();
    template <std::size_t... I>
    static Shape<Out, In, kernel[I]...> shape(std::index_sequence<I...>);
    using type = decltype(shape(std::make_index_sequence<Rank>{}));
};

template <std::size_t Rank, index_t Channels, class = std::make_index_sequence<Rank>>
struct ConvInput;
template <std::size_t Rank, index_t Channels, std::size_t... I>
struct ConvInput<Rank, Channels, std::index_sequence<I...>> {
    using type = Shape<dyn, Channels, ((void)I, dyn)...>;
};

}  // namespace detail

/// A convolution over Rank dimensions: [batch, in_channels, d…] → [batch, out_channels, d'…], with
/// d' = floor((d + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.
/// State: weight [out_channels, in_channels / groups, kernel_size…], bias [out_channels].
template <class Self, std::size_t Rank, index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvOptions Options, Floating T, class Device>
struct ConvLayer : Module<Self> {
    using reflected = ConvLayer;
    static_assert(InChannels % Options.groups == 0 && OutChannels % Options.groups == 0, "channels must be divisible by groups");
    using weight_shape = typename detail::ConvWeight<Rank, OutChannels, InChannels / Options.groups, KernelSize>::type;
    using bias_shape = Shape<OutChannels>;
    using expects = Expects<typename detail::ConvInput<Rank, InChannels>::type>;
    using Rule = ConvRule<detail::WindowOf<Rank, Options>>;
    static constexpr index_t fan_in = weight_shape::static_size / OutChannels;

    Parameter<T, weight_shape, Device> weight{init::default_for<T, weight_shape, Device>(fan_in)};
    std::conditional_t<Options.bias, Parameter<T, bias_shape, Device>, NoBias> bias = make_bias();

    static constexpr bool accepts(const auto& x) { return Rule::accepts(x, weight_shape::static_extents); }

    constexpr auto forward(auto x) const {
        if constexpr (Options.bias)
            return xnn::apply(Rule{}, std::move(x), weight, bias);
        else
            return xnn::apply(Rule{}, std::move(x), weight);
    }

private:
    static auto make_bias() {
        if constexpr (Options.bias)
            return Parameter<T, bias_shape, Device>(init::default_for<T, bias_shape, Device>(fan_in));
        else
            return NoBias{};
    }
};

/// A convolution over [batch, in_channels, length]. https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvOptions Options = ConvOptions{}, Floating T = float, class Device = Cpu>
struct Conv1d : ConvLayer<Conv1d<InChannels, OutChannels, KernelSize, Options, T, Device>, 1, InChannels, OutChannels, KernelSize, Options, T, Device> {};
/// A convolution over [batch, in_channels, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
template <index_t InChannels, index_t OutChannels, Sizes KernelSize, ConvOptions Options = ConvOptions{}, Floating T = float, class Device = Cpu>
struct Conv2d : ConvLayer<Conv2d<InChannels, OutChannels, KernelSize, Options, T, Device>, 2, InChannels, OutChannels, KernelSize, Options, T, Device> {};

}  // namespace xnn::nn
