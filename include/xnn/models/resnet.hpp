// Residual networks (He et al., 2015), with torchvision's architecture, initialisation, names and printed form.
// https://pytorch.org/vision/stable/models/resnet.html
#pragma once

#include "xnn/models/initialise.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/convert.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/freeze.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/ops/operators.hpp"

namespace xnn::models {

namespace detail {

/// A convolution that keeps the extents, but for its stride, and is followed by a normalisation: it has no bias.
template <index_t In, index_t Out, index_t Kernel, index_t Stride, class T, class Device, bool Frozen = false>
using ResidualConv = nn::FrozenIf<Frozen, nn::Conv2d<In, Out, Kernel, nn::ConvOptions{.stride = Stride, .padding = Kernel / 2, .bias = false}, T, Device>>;
template <index_t Channels, class T, class Device, bool Frozen = false>
using ResidualNorm = nn::FoldedIf<Frozen, nn::BatchNorm2d<Channels, nn::BatchNormOptions{}, T, Device>>;

/// The way past a block whose result has the shape of its input. It is no module, as torchvision's None is none.
struct Unchanged {
    template <Operand X>
    constexpr auto operator()(X&& x) const { return operand(std::forward<X>(x)); }
};
/// The way past a block: a convolution where the shape changes.
template <index_t In, index_t Out, index_t Stride, class T, class Device, bool Frozen>
using Downsample = std::conditional_t<In == Out && Stride == 1, Unchanged,
                                      nn::Sequential<ResidualConv<In, Out, 1, Stride, T, Device, Frozen>, ResidualNorm<Out, T, Device, Frozen>>>;

}  // namespace detail

/// relu(F(x) + x) with two convolutions of 3 × 3 in F: [batch, In, h, w] → [batch, Planes, ⌈h / Stride⌉, ⌈w / Stride⌉].
template <index_t In, index_t Planes, index_t Stride = 1, Floating T = float, class Device = DefaultDevice, bool Frozen = false>
struct BasicBlock : nn::Module<BasicBlock<In, Planes, Stride, T, Device, Frozen>> {
    using frozen = BasicBlock<In, Planes, Stride, T, Device, true>;
    template <class U, class D>
    using rebind = BasicBlock<In, Planes, Stride, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;
    static constexpr index_t expansion = 1;
    static constexpr bool erases_shapes = true;

    detail::ResidualConv<In, Planes, 3, Stride, T, Device, Frozen> conv1;
    detail::ResidualNorm<Planes, T, Device, Frozen> bn1;
    nn::ReLU relu{true};
    detail::ResidualConv<Planes, Planes, 3, 1, T, Device, Frozen> conv2;
    detail::ResidualNorm<Planes, T, Device, Frozen> bn2;
    detail::Downsample<In, Planes, Stride, T, Device, Frozen> downsample;

    constexpr auto forward(auto x) const {
        auto h = x | conv1 | bn1 | relu;
        return relu((h | conv2 | bn2) + (x | downsample));
    }
};

/// relu(F(x) + x) with convolutions of 1 × 1, 3 × 3 and 1 × 1 in F, of which the last has four times as many channels:
/// [batch, In, h, w] → [batch, 4 Planes, ⌈h / Stride⌉, ⌈w / Stride⌉].
template <index_t In, index_t Planes, index_t Stride = 1, Floating T = float, class Device = DefaultDevice, bool Frozen = false>
struct Bottleneck : nn::Module<Bottleneck<In, Planes, Stride, T, Device, Frozen>> {
    using frozen = Bottleneck<In, Planes, Stride, T, Device, true>;
    template <class U, class D>
    using rebind = Bottleneck<In, Planes, Stride, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;
    static constexpr index_t expansion = 4;
    static constexpr bool erases_shapes = true;

    detail::ResidualConv<In, Planes, 1, 1, T, Device, Frozen> conv1;
    detail::ResidualNorm<Planes, T, Device, Frozen> bn1;
    detail::ResidualConv<Planes, Planes, 3, Stride, T, Device, Frozen> conv2;
    detail::ResidualNorm<Planes, T, Device, Frozen> bn2;
    detail::ResidualConv<Planes, Planes * expansion, 1, 1, T, Device, Frozen> conv3;
    detail::ResidualNorm<Planes * expansion, T, Device, Frozen> bn3;
    nn::ReLU relu{true};
    detail::Downsample<In, Planes * expansion, Stride, T, Device, Frozen> downsample;

    constexpr auto forward(auto x) const {
        auto narrow = x | conv1 | bn1 | relu;
        auto moved = narrow | conv2 | bn2 | relu;
        return relu((moved | conv3 | bn3) + (x | downsample));
    }
};

/// Depths[0] to Depths[3] blocks after a convolution of 7 × 7, and a linear layer behind them:
/// [batch, 3, h, w] → [batch, NumClasses], for any h and w. Width, torchvision's 64, is the number of channels that the
/// first blocks have inside; each further group of blocks has twice as many.
template <template <index_t, index_t, index_t, class, class, bool> class Block, Dims<4> Depths, index_t NumClasses, index_t Width = 64,
          Floating T = float, class Device = DefaultDevice, bool Frozen = false>
struct ResNet : nn::Module<ResNet<Block, Depths, NumClasses, Width, T, Device, Frozen>> {
    using frozen = ResNet<Block, Depths, NumClasses, Width, T, Device, true>;
    template <class U, class D>
    using rebind = ResNet<Block, Depths, NumClasses, Width, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;
    static constexpr index_t expansion = Block<Width, Width, 1, T, Device, Frozen>::expansion;
    static constexpr bool erases_shapes = true;
    template <std::size_t I, index_t In, index_t Planes, index_t Stride>
    using Layer = nn::Sequential<Block<In, Planes, Stride, T, Device, Frozen>,
                                 nn::Repeated<static_cast<std::size_t>(Depths[I] - 1), Block<Planes * expansion, Planes, 1, T, Device, Frozen>>>;

    detail::ResidualConv<3, Width, 7, 2, T, Device, Frozen> conv1;
    detail::ResidualNorm<Width, T, Device, Frozen> bn1;
    nn::ReLU relu{true};
    nn::MaxPool2d<3, nn::MaxPoolOptions{.stride = 2, .padding = 1}> maxpool;
    Layer<0, Width, Width, 1> layer1;
    Layer<1, Width * expansion, 2 * Width, 2> layer2;
    Layer<2, 2 * Width * expansion, 4 * Width, 2> layer3;
    Layer<3, 4 * Width * expansion, 8 * Width, 2> layer4;
    nn::AdaptiveAvgPool2d<nn::Sizes(1, 1)> avgpool;
    nn::FrozenIf<Frozen, nn::Linear<8 * Width * expansion, NumClasses, true, T, Device>> fc;

    ResNet() { detail::initialise_convolutions(*this); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("conv1", self.conv1);
        f("bn1", self.bn1);
        f("relu", self.relu);
        f("maxpool", self.maxpool);
        f("layer1", self.layer1);
        f("layer2", self.layer2);
        f("layer3", self.layer3);
        f("layer4", self.layer4);
        f("avgpool", self.avgpool);
        f("fc", self.fc);
    }

    constexpr auto forward(auto x) const {
        return x | conv1 | bn1 | relu | maxpool | layer1 | layer2 | layer3 | layer4 | avgpool | nn::flatten | fc;
    }
};

/// https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet18.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice>
using ResNet18 = ResNet<BasicBlock, Dims<4>{2, 2, 2, 2}, NumClasses, 64, T, Device>;
/// https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet34.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice>
using ResNet34 = ResNet<BasicBlock, Dims<4>{3, 4, 6, 3}, NumClasses, 64, T, Device>;
/// https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet50.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice>
using ResNet50 = ResNet<Bottleneck, Dims<4>{3, 4, 6, 3}, NumClasses, 64, T, Device>;

}  // namespace xnn::models
