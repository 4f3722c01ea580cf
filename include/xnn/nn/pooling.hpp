// Pooling layers. https://pytorch.org/docs/stable/nn.html#pooling-layers
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/nn/sizes.hpp"
#include "xnn/ops/pool.hpp"

namespace xnn::nn {

/// The arguments of a max pooling beyond its window, with PyTorch's names and defaults; a stride of 0 is the kernel size.
struct MaxPoolOptions {
    Sizes stride = 0;
    Sizes padding = 0;
    Sizes dilation = 1;
    bool ceil_mode = false;
};

/// The arguments of an average pooling beyond its window; a stride of 0 is the kernel size, a divisor_override of 0 none.
struct AvgPoolOptions {
    Sizes stride = 0;
    Sizes padding = 0;
    bool ceil_mode = false;
    bool count_include_pad = true;
    index_t divisor_override = 0;
};

namespace detail {

template <std::size_t Rank, Sizes Kernel, Sizes Stride, Sizes Padding, Sizes Dilation, bool CeilMode>
struct PoolWindowOf {
    static constexpr PoolWindow<Rank> value{Kernel.template dims<Rank>(),
                                            (Stride == Sizes(0) ? Kernel : Stride).template dims<Rank>(),
                                            Padding.template dims<Rank>(), Dilation.template dims<Rank>(), CeilMode};
};

/// A layer that applies a rule to one argument.
template <class Self, class Rule, Sizes KernelSize>
struct PoolLayer : Module<Self> {
    using expects = Expects<ExtentsOfAtLeast<KernelSize>>;
    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    constexpr auto forward(auto x) const { return xnn::apply(Rule{}, std::move(x)); }
};

template <std::size_t Rank, Sizes K, MaxPoolOptions O>
using MaxPoolRuleOf = MaxPoolRule<PoolWindowOf<Rank, K, O.stride, O.padding, O.dilation, O.ceil_mode>>;
template <std::size_t Rank, Sizes K, AvgPoolOptions O>
using AvgPoolRuleOf = AvgPoolRule<PoolWindowOf<Rank, K, O.stride, O.padding, Sizes(1), O.ceil_mode>, O.count_include_pad, O.divisor_override>;

}  // namespace detail

/// The largest element of each window: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
struct MaxPool1d : detail::PoolLayer<MaxPool1d<KernelSize, Options>, detail::MaxPoolRuleOf<1, KernelSize, Options>, KernelSize> {};
/// The largest element of each window: [*, height, width] → [*, height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
struct MaxPool2d : detail::PoolLayer<MaxPool2d<KernelSize, Options>, detail::MaxPoolRuleOf<2, KernelSize, Options>, KernelSize> {};
/// The mean of each window: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
struct AvgPool1d : detail::PoolLayer<AvgPool1d<KernelSize, Options>, detail::AvgPoolRuleOf<1, KernelSize, Options>, KernelSize> {};
/// The mean of each window: [*, height, width] → [*, height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
struct AvgPool2d : detail::PoolLayer<AvgPool2d<KernelSize, Options>, detail::AvgPoolRuleOf<2, KernelSize, Options>, KernelSize> {};

/// The layers as functions, for chains: `x | nn::max_pool2d<2>`.
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
inline constexpr MaxPool1d<KernelSize, Options> max_pool1d{};
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
inline constexpr MaxPool2d<KernelSize, Options> max_pool2d{};
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
inline constexpr AvgPool1d<KernelSize, Options> avg_pool1d{};
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
inline constexpr AvgPool2d<KernelSize, Options> avg_pool2d{};

}  // namespace xnn::nn
