// Padding layers. https://pytorch.org/docs/stable/nn.html#padding-layers
//
// How much is added is a template argument, one number or two for each dimension in PyTorch's order:
// ReflectionPad2d<1>, ZeroPad2d<Pads(left, right, top, bottom)>.
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/ops/pad.hpp"

namespace xnn::nn {

namespace detail {
template <class Self, std::size_t Rank, Pads Padding, PaddingMode Mode>
struct PadLayer : Module<Self> {
    using Rule = PadRule<PadsOf<Rank, Padding>, Mode>;
    using expects = Expects<ExtentsToPad<Rank, Padding>>;
    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    constexpr auto forward(auto x) const { return xnn::apply(Rule{}, std::move(x)); }
};
}  // namespace detail

/// The elements next to the border, mirrored: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
template <Pads Padding>
struct ReflectionPad1d : detail::PadLayer<ReflectionPad1d<Padding>, 1, Padding, PaddingMode::reflect> {};
/// The same for [*, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
template <Pads Padding>
struct ReflectionPad2d : detail::PadLayer<ReflectionPad2d<Padding>, 2, Padding, PaddingMode::reflect> {};
/// The same for [*, depth, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
template <Pads Padding>
struct ReflectionPad3d : detail::PadLayer<ReflectionPad3d<Padding>, 3, Padding, PaddingMode::reflect> {};

/// The elements at the border, repeated: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
template <Pads Padding>
struct ReplicationPad1d : detail::PadLayer<ReplicationPad1d<Padding>, 1, Padding, PaddingMode::replicate> {};
/// The same for [*, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
template <Pads Padding>
struct ReplicationPad2d : detail::PadLayer<ReplicationPad2d<Padding>, 2, Padding, PaddingMode::replicate> {};
/// The same for [*, depth, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
template <Pads Padding>
struct ReplicationPad3d : detail::PadLayer<ReplicationPad3d<Padding>, 3, Padding, PaddingMode::replicate> {};

/// The elements at the other side: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
template <Pads Padding>
struct CircularPad1d : detail::PadLayer<CircularPad1d<Padding>, 1, Padding, PaddingMode::circular> {};
/// The same for [*, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
template <Pads Padding>
struct CircularPad2d : detail::PadLayer<CircularPad2d<Padding>, 2, Padding, PaddingMode::circular> {};
/// The same for [*, depth, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
template <Pads Padding>
struct CircularPad3d : detail::PadLayer<CircularPad3d<Padding>, 3, Padding, PaddingMode::circular> {};

/// Zeros: [*, length] → [*, length']. https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
template <Pads Padding>
struct ZeroPad1d : detail::PadLayer<ZeroPad1d<Padding>, 1, Padding, PaddingMode::zeros> {};
/// The same for [*, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
template <Pads Padding>
struct ZeroPad2d : detail::PadLayer<ZeroPad2d<Padding>, 2, Padding, PaddingMode::zeros> {};
/// The same for [*, depth, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
template <Pads Padding>
struct ZeroPad3d : detail::PadLayer<ZeroPad3d<Padding>, 3, Padding, PaddingMode::zeros> {};

namespace detail {
template <class Self, std::size_t Rank, Pads Padding>
struct ConstantPadLayer : PadLayer<Self, Rank, Padding, PaddingMode::constant> {
    using Rule = PadRule<PadsOf<Rank, Padding>, PaddingMode::constant>;
    double value;  ///< of what is added
    constexpr explicit ConstantPadLayer(double v) : value(v) {}
    constexpr auto forward(auto x) const { return xnn::apply(Rule{value}, std::move(x)); }
};
}  // namespace detail

/// A number, which is the argument: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
template <Pads Padding>
struct ConstantPad1d : detail::ConstantPadLayer<ConstantPad1d<Padding>, 1, Padding> {
    using detail::ConstantPadLayer<ConstantPad1d<Padding>, 1, Padding>::ConstantPadLayer;
};
/// The same for [*, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
template <Pads Padding>
struct ConstantPad2d : detail::ConstantPadLayer<ConstantPad2d<Padding>, 2, Padding> {
    using detail::ConstantPadLayer<ConstantPad2d<Padding>, 2, Padding>::ConstantPadLayer;
};
/// The same for [*, depth, height, width]. https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
template <Pads Padding>
struct ConstantPad3d : detail::ConstantPadLayer<ConstantPad3d<Padding>, 3, Padding> {
    using detail::ConstantPadLayer<ConstantPad3d<Padding>, 3, Padding>::ConstantPadLayer;
};

}  // namespace xnn::nn
