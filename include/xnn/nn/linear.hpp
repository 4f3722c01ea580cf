// Linear layers. https://pytorch.org/docs/stable/nn.html#linear-layers
#pragma once

#include "xnn/nn/init.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/ops/linear.hpp"

namespace xnn::nn {

/// What a layer that may have a bias holds without one.
struct NoBias {};

/// y = x Wᵀ + b: [*, in_features] → [*, out_features]. State: weight [out_features, in_features], bias [out_features].
/// https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
template <index_t InFeatures, index_t OutFeatures, bool Bias = true, Floating T = float, class Device = DefaultDevice>
struct Linear : Module<Linear<InFeatures, OutFeatures, Bias, T, Device>> {
    using weight_shape = Shape<OutFeatures, InFeatures>;
    using bias_shape = Shape<OutFeatures>;
    using expects = Expects<LastExtent<InFeatures>>;

    Parameter<T, weight_shape, Device> weight{init::default_for(InFeatures)};
    std::conditional_t<Bias, Parameter<T, bias_shape, Device>, NoBias> bias = make_bias();

    static constexpr bool accepts(const auto& x) { return LinearRule::accepts(x, weight_shape::static_extents); }

    constexpr auto forward(auto x) const {
        if constexpr (Bias)
            return xnn::functional::linear(std::move(x), weight, bias);
        else
            return xnn::functional::linear(std::move(x), weight);
    }

private:
    static auto make_bias() {
        if constexpr (Bias)
            return Parameter<T, bias_shape, Device>(init::default_for(InFeatures));
        else
            return NoBias{};
    }
};

/// Hands on what it is given. https://pytorch.org/docs/stable/generated/torch.nn.Identity.html
struct Identity : Module<Identity> {
    constexpr auto forward(auto x) const { return x; }
};

}  // namespace xnn::nn
