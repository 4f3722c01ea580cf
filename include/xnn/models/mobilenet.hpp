// MobileNetV2 (Sandler et al., 2018), with torchvision's architecture, initialisation, names and printed form.
// https://pytorch.org/vision/stable/models/mobilenetv2.html
#pragma once

#include "xnn/models/initialise.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/convert.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/freeze.hpp"
#include "xnn/ops/operators.hpp"

namespace xnn::models {

namespace detail {

/// A convolution, a normalisation and a rectifier, named as in a Sequential.
template <index_t In, index_t Out, index_t Kernel, index_t Stride, index_t Groups, Floating T, class Device, bool Frozen = false>
struct Conv2dNormActivation : nn::Module<Conv2dNormActivation<In, Out, Kernel, Stride, Groups, T, Device, Frozen>> {
    using frozen = Conv2dNormActivation<In, Out, Kernel, Stride, Groups, T, Device, true>;
    template <class U, class D>
    using rebind = Conv2dNormActivation<In, Out, Kernel, Stride, Groups, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;

    nn::FrozenIf<Frozen, nn::Conv2d<In, Out, Kernel, nn::ConvOptions{.stride = Stride, .padding = Kernel / 2, .groups = Groups, .bias = false}, T, Device>> conv;
    nn::FoldedIf<Frozen, nn::BatchNorm2d<Out, nn::BatchNormOptions{}, T, Device>> norm;
    nn::ReLU6 activation{true};

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("0", self.conv);
        f("1", self.norm);
        f("2", self.activation);
    }

    constexpr auto forward(auto x) const { return x | conv | norm | activation; }
};

template <index_t In, index_t Out, index_t Stride, index_t Expansion, class T, class Device>
struct inverted_residual {
    static constexpr index_t hidden = In * Expansion;
    using type = nn::Sequential<Conv2dNormActivation<In, hidden, 1, 1, 1, T, Device>, Conv2dNormActivation<hidden, hidden, 3, Stride, hidden, T, Device>,
                                nn::Conv2d<hidden, Out, 1, nn::ConvOptions{.bias = false}, T, Device>, nn::BatchNorm2d<Out, nn::BatchNormOptions{}, T, Device>>;
};
template <index_t In, index_t Out, index_t Stride, class T, class Device>
struct inverted_residual<In, Out, Stride, 1, T, Device> {
    using type = nn::Sequential<Conv2dNormActivation<In, In, 3, Stride, In, T, Device>, nn::Conv2d<In, Out, 1, nn::ConvOptions{.bias = false}, T, Device>,
                                nn::BatchNorm2d<Out, nn::BatchNormOptions{}, T, Device>>;
};

}  // namespace detail

/// F(x), plus x where the shape stays, with a depthwise convolution in F between two of 1 × 1, of which the first makes
/// Expansion times as many channels: [batch, In, h, w] → [batch, Out, ⌈h / Stride⌉, ⌈w / Stride⌉].
template <index_t In, index_t Out, index_t Stride, index_t Expansion, Floating T = float, class Device = DefaultDevice, bool Frozen = false>
struct InvertedResidual : nn::Module<InvertedResidual<In, Out, Stride, Expansion, T, Device, Frozen>> {
    using frozen = InvertedResidual<In, Out, Stride, Expansion, T, Device, true>;
    template <class U, class D>
    using rebind = InvertedResidual<In, Out, Stride, Expansion, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;
    static constexpr bool erases_shapes = true;
    nn::FrozenIf<Frozen, typename detail::inverted_residual<In, Out, Stride, Expansion, T, Device>::type> conv;

    constexpr auto forward(auto x) const {
        if constexpr (In == Out && Stride == 1)
            return x + conv(x);
        else
            return conv(x);
    }
};

/// [batch, 3, h, w] → [batch, NumClasses], for any h and w.
/// https://pytorch.org/vision/stable/models/generated/torchvision.models.mobilenet_v2.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice, bool Frozen = false>
struct MobileNetV2 : nn::Module<MobileNetV2<NumClasses, T, Device, Frozen>> {
    using frozen = MobileNetV2<NumClasses, T, Device, true>;
    template <class U, class D>
    using rebind = MobileNetV2<NumClasses, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;
    static constexpr bool erases_shapes = true;
    using Linear = nn::FrozenIf<Frozen, nn::Linear<1280, NumClasses, true, T, Device>>;

    nn::FrozenIf<Frozen, nn::Sequential<detail::Conv2dNormActivation<3, 32, 3, 2, 1, T, Device>,
                   InvertedResidual<32, 16, 1, 1, T, Device>,
                   InvertedResidual<16, 24, 2, 6, T, Device>, nn::Repeated<1, InvertedResidual<24, 24, 1, 6, T, Device>>,
                   InvertedResidual<24, 32, 2, 6, T, Device>, nn::Repeated<2, InvertedResidual<32, 32, 1, 6, T, Device>>,
                   InvertedResidual<32, 64, 2, 6, T, Device>, nn::Repeated<3, InvertedResidual<64, 64, 1, 6, T, Device>>,
                   InvertedResidual<64, 96, 1, 6, T, Device>, nn::Repeated<2, InvertedResidual<96, 96, 1, 6, T, Device>>,
                   InvertedResidual<96, 160, 2, 6, T, Device>, nn::Repeated<2, InvertedResidual<160, 160, 1, 6, T, Device>>,
                   InvertedResidual<160, 320, 1, 6, T, Device>,
                   detail::Conv2dNormActivation<320, 1280, 1, 1, 1, T, Device>>>
        features;
    nn::Sequential<nn::Dropout, Linear> classifier{nn::Dropout(0.2), Linear{}};

    MobileNetV2() {
        if constexpr (!Frozen) initialise();
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("features", self.features);
        f("classifier", self.classifier);
    }

    constexpr auto forward(auto x) const { return x | features | nn::adaptive_avg_pool2d<1> | nn::flatten | classifier; }

private:
    void initialise() {
        detail::initialise_convolutions(*this);
        auto& linear = get<1>(classifier.layers);
        nn::init::normal_(linear.weight, 0, 0.01);
        nn::init::zeros_(linear.bias);
    }
};

}  // namespace xnn::models
