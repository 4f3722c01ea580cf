// The networks of the Visual Geometry Group (Simonyan and Zisserman, 2014), with torchvision's architecture, initialisation
// and names of parameters. https://pytorch.org/vision/stable/models/vgg.html
#pragma once

#include "xnn/models/initialise.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/convert.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/freeze.hpp"
#include "xnn/nn/pooling.hpp"

namespace xnn::models {

namespace detail {

/// Two chains as one.
template <class A, class B>
struct joined;
template <class... A, class... B>
struct joined<nn::Sequential<A...>, nn::Sequential<B...>> {
    using type = nn::Sequential<A..., B...>;
};

template <index_t In, index_t Out, class T, class Device>
using VggConv = nn::Conv2d<In, Out, 3, nn::ConvOptions{.padding = 1}, T, Device>;
template <index_t In, index_t Out, bool BatchNorm, class T, class Device>
using VggLayer = std::conditional_t<BatchNorm, nn::Sequential<VggConv<In, Out, T, Device>, nn::BatchNorm2d<Out, nn::BatchNormOptions{}, T, Device>, nn::ReLU>,
                                    nn::Sequential<VggConv<In, Out, T, Device>, nn::ReLU>>;

/// Depth convolutions, and a pooling that halves the extents.
template <index_t In, index_t Out, index_t Depth, bool BatchNorm, class T, class Device>
struct vgg_stage : joined<VggLayer<In, Out, BatchNorm, T, Device>, typename vgg_stage<Out, Out, Depth - 1, BatchNorm, T, Device>::type> {};
template <index_t In, index_t Out, bool BatchNorm, class T, class Device>
struct vgg_stage<In, Out, 0, BatchNorm, T, Device> {
    using type = nn::Sequential<nn::MaxPool2d<2, nn::MaxPoolOptions{.stride = 2}>>;
};

template <Dims<5> Depths, bool BatchNorm, class T, class Device, std::size_t I = 0>
struct vgg_features {
    static constexpr index_t widths[6] = {3, 64, 128, 256, 512, 512};
    using type = typename joined<typename vgg_stage<widths[I], widths[I + 1], Depths[I], BatchNorm, T, Device>::type,
                                 typename vgg_features<Depths, BatchNorm, T, Device, I + 1>::type>::type;
};
template <Dims<5> Depths, bool BatchNorm, class T, class Device>
struct vgg_features<Depths, BatchNorm, T, Device, 5> {
    using type = nn::Sequential<>;
};

}  // namespace detail

/// Five stages of convolutions, and three linear layers of which two have Hidden outputs:
/// [batch, 3, h, w] → [batch, NumClasses], for h and w of at least 32.
template <Dims<5> Depths, bool BatchNorm, index_t NumClasses, index_t Hidden, Floating T = float, class Device = DefaultDevice, bool Frozen = false>
struct VGG : nn::Module<VGG<Depths, BatchNorm, NumClasses, Hidden, T, Device, Frozen>> {
    using frozen = VGG<Depths, BatchNorm, NumClasses, Hidden, T, Device, true>;
    template <class U, class D>
    using rebind = VGG<Depths, BatchNorm, NumClasses, Hidden, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;
    static constexpr bool erases_shapes = true;

    nn::FrozenIf<Frozen, typename detail::vgg_features<Depths, BatchNorm, T, Device>::type> features;
    nn::AdaptiveAvgPool2d<nn::Sizes(7, 7)> avgpool;
    nn::FrozenIf<Frozen, nn::Sequential<nn::Linear<512 * 7 * 7, Hidden, true, T, Device>, nn::ReLU, nn::Dropout,
                                        nn::Linear<Hidden, Hidden, true, T, Device>, nn::ReLU, nn::Dropout,
                                        nn::Linear<Hidden, NumClasses, true, T, Device>>>
        classifier;

    VGG() {
        if constexpr (!Frozen) initialise();
    }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        f("features", self.features);
        f("avgpool", self.avgpool);
        f("classifier", self.classifier);
    }

    constexpr auto forward(auto x) const { return from<0>(std::move(x)) | avgpool | nn::flatten | classifier; }

private:
    void initialise() {
        detail::initialise_convolutions(*this);
        nn::visit_modules(*this, [](const nn::Path&, auto& module) {
            if constexpr (std::same_as<std::remove_cvref_t<decltype(module)>, nn::ReLU>) module.inplace = true;
        });
        nn::visit_modules(classifier, [](const nn::Path&, auto& module) {
            if constexpr (requires { module.weight; }) {
                nn::init::normal_(module.weight, 0, 0.01);
                nn::init::zeros_(module.bias);
            }
        });
    }

    static constexpr std::size_t layer_size = BatchNorm ? 3 : 2;

    /// The features from layer I on. The parameter is a name, so that types end at every convolution and pooling.
    template <std::size_t I>
    constexpr auto from(auto x) const {
        if constexpr (I == decltype(features)::size)
            return x;
        else if constexpr (requires { this->template layer<I>().weight; })
            return from<I + layer_size>(convolve<I>(x));
        else
            return from<I + 1>(layer<I>()(x));
    }
    template <std::size_t I>
    constexpr auto convolve(auto& x) const {
        if constexpr (BatchNorm)
            return x | layer<I>() | layer<I + 1>() | layer<I + 2>();
        else
            return x | layer<I>() | layer<I + 1>();
    }
    template <std::size_t I>
    constexpr const auto& layer() const {
        return get<I>(features.layers);
    }
};

/// https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg11.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice>
using VGG11 = VGG<Dims<5>{1, 1, 2, 2, 2}, false, NumClasses, 4096, T, Device>;
/// https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg11_bn.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice>
using VGG11BN = VGG<Dims<5>{1, 1, 2, 2, 2}, true, NumClasses, 4096, T, Device>;
/// https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg16.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice>
using VGG16 = VGG<Dims<5>{2, 2, 3, 3, 3}, false, NumClasses, 4096, T, Device>;
/// https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg16_bn.html
template <index_t NumClasses = 1000, Floating T = float, class Device = DefaultDevice>
using VGG16BN = VGG<Dims<5>{2, 2, 3, 3, 3}, true, NumClasses, 4096, T, Device>;

}  // namespace xnn::models
