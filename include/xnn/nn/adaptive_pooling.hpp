// Pooling layers that fix the number of outputs. https://pytorch.org/docs/stable/nn.html#pooling-layers
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/nn/sizes.hpp"
#include "xnn/ops/adaptive_pool.hpp"

namespace xnn::nn {

/// In an output size: this extent stays as it is. PyTorch's None.
inline constexpr index_t same_size = 0;

namespace detail {

template <std::size_t Rank, Sizes Output>
struct AdaptiveOutput {
    static constexpr auto value = Output.template dims<Rank>();
};

/// A layer that applies an adaptive pooling to one argument.
template <class Self, class Rule>
struct AdaptivePoolLayer : Module<Self> {
    using expects = std::conditional_t<Rule::rank == 1, Expects<Shape<dyn, dyn>>, Expects<Shape<dyn, dyn, dyn>>>;
    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    constexpr auto forward(auto x) const { return xnn::apply(Rule{}, std::move(x)); }
};

template <std::size_t Rank, Sizes Output>
using AdaptiveAvgPoolRuleOf = AdaptiveAvgPoolRule<AdaptiveOutput<Rank, Output>>;
template <std::size_t Rank, Sizes Output>
using AdaptiveMaxPoolRuleOf = AdaptiveMaxPoolRule<AdaptiveOutput<Rank, Output>>;

}  // namespace detail

/// The mean of each of OutputSize windows: [*, length] → [*, OutputSize].
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
template <Sizes OutputSize>
struct AdaptiveAvgPool1d : detail::AdaptivePoolLayer<AdaptiveAvgPool1d<OutputSize>, detail::AdaptiveAvgPoolRuleOf<1, OutputSize>> {};
/// The mean of each window: [*, height, width] → [*, OutputSize…]; `same_size` keeps an extent.
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
template <Sizes OutputSize>
struct AdaptiveAvgPool2d : detail::AdaptivePoolLayer<AdaptiveAvgPool2d<OutputSize>, detail::AdaptiveAvgPoolRuleOf<2, OutputSize>> {};
/// The largest element of each of OutputSize windows: [*, length] → [*, OutputSize].
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
template <Sizes OutputSize>
struct AdaptiveMaxPool1d : detail::AdaptivePoolLayer<AdaptiveMaxPool1d<OutputSize>, detail::AdaptiveMaxPoolRuleOf<1, OutputSize>> {};
/// The largest element of each window: [*, height, width] → [*, OutputSize…]; `same_size` keeps an extent.
/// https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
template <Sizes OutputSize>
struct AdaptiveMaxPool2d : detail::AdaptivePoolLayer<AdaptiveMaxPool2d<OutputSize>, detail::AdaptiveMaxPoolRuleOf<2, OutputSize>> {};

/// The layers as functions, for chains: `x | nn::adaptive_avg_pool2d<1>`.
template <Sizes OutputSize>
inline constexpr AdaptiveAvgPool1d<OutputSize> adaptive_avg_pool1d{};
template <Sizes OutputSize>
inline constexpr AdaptiveAvgPool2d<OutputSize> adaptive_avg_pool2d{};
template <Sizes OutputSize>
inline constexpr AdaptiveMaxPool1d<OutputSize> adaptive_max_pool1d{};
template <Sizes OutputSize>
inline constexpr AdaptiveMaxPool2d<OutputSize> adaptive_max_pool2d{};

}  // namespace xnn::nn
