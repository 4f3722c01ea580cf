// Images as patches and back. https://pytorch.org/docs/stable/nn.html#convolution-layers
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/nn/sizes.hpp"
#include "xnn/ops/fold.hpp"

namespace xnn::nn {

/// The arguments of Unfold and Fold beyond sizes, with PyTorch's names and defaults.
struct UnfoldOptions {
    Sizes dilation = 1;
    Sizes padding = 0;
    Sizes stride = 1;
};
using FoldOptions = UnfoldOptions;

namespace detail {
template <Sizes OutputSize, Sizes KernelSize, UnfoldOptions Options>
struct PatchWindow {
    static constexpr Dims<2> output_size = OutputSize.template dims<2>();
    static constexpr Dims<2> kernel_size = KernelSize.template dims<2>();
    static constexpr ConvWindow<2> value{Options.stride.template dims<2>(), Options.padding.template dims<2>(), Options.padding.template dims<2>(),
                                         Options.dilation.template dims<2>()};
};
}  // namespace detail

/// The elements that a window sees at each of its places: [batch, channels, height, width] →
/// [batch, channels kernel_size, places]. The batch may be absent. https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
template <Sizes KernelSize, UnfoldOptions Options = UnfoldOptions{}>
struct Unfold : Module<Unfold<KernelSize, Options>> {
    using Rule = UnfoldRule<detail::PatchWindow<Sizes(0), KernelSize, Options>>;
    using expects = Expects<ExtentsOfAtLeast<KernelSize>>;
    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    constexpr auto forward(auto x) const { return xnn::apply(Rule{}, std::move(x)); }
};

/// The sum of patches at their places: [batch, channels kernel_size, places] → [batch, channels, OutputSize…]. The batch may be
/// absent.
/// https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
template <Sizes OutputSize, Sizes KernelSize, FoldOptions Options = FoldOptions{}>
struct Fold : Module<Fold<OutputSize, KernelSize, Options>> {
    using Rule = FoldRule<detail::PatchWindow<OutputSize, KernelSize, Options>>;
    using expects = Expects<PatchesThatFillImages>;
    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    constexpr auto forward(auto x) const { return xnn::apply(Rule{}, std::move(x)); }
};

}  // namespace xnn::nn
