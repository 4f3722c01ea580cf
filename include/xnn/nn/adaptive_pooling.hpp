// Pooling layers that fix the number of outputs. https://pytorch.org/docs/stable/nn.html#pooling-layers
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/nn/sizes.hpp"
#include "xnn/ops/place.hpp"

namespace xnn::nn {

/// In an output size: this extent stays as it is. PyTorch's None.
inline constexpr index_t same_size = 0;

namespace detail {

template <std::size_t Rank, Sizes Output>
struct AdaptiveOutput {
    static constexpr auto value = Output.template dims<Rank>();
};

template <class Indices>
struct AdaptiveInput;
template <std::size_t... I>
struct AdaptiveInput<std::index_sequence<I...>> {
    using type = Expects<Shape<dyn, ((void)I, dyn)...>>;
};

/// A layer that applies an adaptive pooling to one argument.
template <class Self, class Rule>
struct AdaptivePoolLayer : Module<Self> {
    using expects = typename AdaptiveInput<std::make_index_sequence<Rule::rank>>::type;
    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    constexpr auto forward(auto x) const { return xnn::apply(Rule{}, std::move(x)); }
};

template <std::size_t Rank, Sizes Output>
using AdaptiveAvgPoolRuleOf = AdaptiveAvgPoolRule<AdaptiveOutput<Rank, Output>>;

/// An adaptive max pooling, with the places of the maxima if they are wanted.
template <class Self, std::size_t Rank, Sizes Output, bool ReturnIndices>
struct AdaptiveMaxPoolLayer : AdaptivePoolLayer<Self, AdaptiveMaxPoolRule<AdaptiveOutput<Rank, Output>>> {};
template <class Self, std::size_t Rank, Sizes Output>
struct AdaptiveMaxPoolLayer<Self, Rank, Output, true> : Module<Self> {
    template <Operand X>
    constexpr auto operator()(X&& x) const {
        return xnn::detail::pool_with_indices<AdaptiveMaxPoolIndicesRule<AdaptiveOutput<Rank, Output>>, Rank>(std::forward<X>(x));
    }
};

}  // namespace detail

/// The mean of each window: [*, length] → [*, OutputSize].
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
template <Sizes OutputSize>
struct AdaptiveAvgPool1d : detail::AdaptivePoolLayer<AdaptiveAvgPool1d<OutputSize>, detail::AdaptiveAvgPoolRuleOf<1, OutputSize>> {};
/// The mean of each window: [*, height, width] → [*, OutputSize…]; `same_size` keeps an extent.
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
template <Sizes OutputSize>
struct AdaptiveAvgPool2d : detail::AdaptivePoolLayer<AdaptiveAvgPool2d<OutputSize>, detail::AdaptiveAvgPoolRuleOf<2, OutputSize>> {};
/// The mean of each window: [*, depth, height, width] → [*, OutputSize…]; `same_size` keeps an extent.
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
template <Sizes OutputSize>
struct AdaptiveAvgPool3d : detail::AdaptivePoolLayer<AdaptiveAvgPool3d<OutputSize>, detail::AdaptiveAvgPoolRuleOf<3, OutputSize>> {};
/// The largest element of each window: [*, length] → [*, OutputSize]. With
/// ReturnIndices a call gives `auto [values, indices] = pool(x);`.
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
template <Sizes OutputSize, bool ReturnIndices = false>
struct AdaptiveMaxPool1d : detail::AdaptiveMaxPoolLayer<AdaptiveMaxPool1d<OutputSize, ReturnIndices>, 1, OutputSize, ReturnIndices> {};
/// The largest element of each window: [*, height, width] → [*, OutputSize…]; `same_size` keeps an extent. With
/// ReturnIndices a call gives `auto [values, indices] = pool(x);`.
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
template <Sizes OutputSize, bool ReturnIndices = false>
struct AdaptiveMaxPool2d : detail::AdaptiveMaxPoolLayer<AdaptiveMaxPool2d<OutputSize, ReturnIndices>, 2, OutputSize, ReturnIndices> {};
/// The largest element of each window: [*, depth, height, width] → [*, OutputSize…]; `same_size` keeps an extent. With
/// ReturnIndices a call gives `auto [values, indices] = pool(x);`.
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
template <Sizes OutputSize, bool ReturnIndices = false>
struct AdaptiveMaxPool3d : detail::AdaptiveMaxPoolLayer<AdaptiveMaxPool3d<OutputSize, ReturnIndices>, 3, OutputSize, ReturnIndices> {};

/// The layers as functions, for chains: `x | nn::adaptive_avg_pool2d<1>`.
template <Sizes OutputSize>
inline constexpr AdaptiveAvgPool1d<OutputSize> adaptive_avg_pool1d{};
template <Sizes OutputSize>
inline constexpr AdaptiveAvgPool2d<OutputSize> adaptive_avg_pool2d{};
template <Sizes OutputSize>
inline constexpr AdaptiveAvgPool3d<OutputSize> adaptive_avg_pool3d{};
template <Sizes OutputSize, bool ReturnIndices = false>
inline constexpr AdaptiveMaxPool1d<OutputSize, ReturnIndices> adaptive_max_pool1d{};
template <Sizes OutputSize, bool ReturnIndices = false>
inline constexpr AdaptiveMaxPool2d<OutputSize, ReturnIndices> adaptive_max_pool2d{};
template <Sizes OutputSize, bool ReturnIndices = false>
inline constexpr AdaptiveMaxPool3d<OutputSize, ReturnIndices> adaptive_max_pool3d{};

}  // namespace xnn::nn
