// LeNet-5 (LeCun et al., 1998) with rectifiers and max pooling, and PyTorch's names of parameters.
#pragma once

#include "xnn/nn/activation.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/convert.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/freeze.hpp"
#include "xnn/nn/pooling.hpp"

namespace xnn::models {

/// Two convolutions of 5 × 5 and three linear layers: [batch, Channels, h, w] → [batch, NumClasses]. Images of 28 × 28 fit
/// as they are; the features of others are averaged to 5 × 5.
template <index_t NumClasses = 10, index_t Channels = 1, Floating T = float, class Device = DefaultDevice, bool Frozen = false>
struct LeNet : nn::Module<LeNet<NumClasses, Channels, T, Device, Frozen>> {
    using frozen = LeNet<NumClasses, Channels, T, Device, true>;
    template <class U, class D>
    using rebind = LeNet<NumClasses, Channels, nn::kept_t<U, T>, nn::kept_t<D, Device>, Frozen>;

    nn::FrozenIf<Frozen, nn::Conv2d<Channels, 6, 5, nn::ConvOptions{.padding = 2}, T, Device>> conv1;
    nn::FrozenIf<Frozen, nn::Conv2d<6, 16, 5, nn::ConvOptions{}, T, Device>> conv2;
    nn::FrozenIf<Frozen, nn::Linear<400, 120, true, T, Device>> fc1;
    nn::FrozenIf<Frozen, nn::Linear<120, 84, true, T, Device>> fc2;
    nn::FrozenIf<Frozen, nn::Linear<84, NumClasses, true, T, Device>> fc3;

    constexpr auto forward(auto x) const {
        return averaged(x | conv1 | nn::relu | nn::max_pool2d<2>
                          | conv2 | nn::relu | nn::max_pool2d<2>)
                 | nn::flatten | fc1 | nn::relu | fc2 | nn::relu | fc3;
    }

private:
    /// Features of 5 × 5; those that are known to be so stay where they are.
    template <class X>
    static constexpr auto averaged(X x) {
        constexpr bool fit = [] {
            if constexpr (requires { requires shape_t<X>::rank >= 2; })
                return shape_t<X>::static_extents[shape_t<X>::rank - 2] == 5 && shape_t<X>::static_extents[shape_t<X>::rank - 1] == 5;
            else
                return false;  // an error on its way out
        }();
        if constexpr (fit)
            return x;
        else
            return std::move(x) | nn::adaptive_avg_pool2d<5>;
    }
};

}  // namespace xnn::models
