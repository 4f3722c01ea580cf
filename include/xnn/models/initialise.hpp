// How torchvision's models begin, where that is not the layers' own default.
#pragma once

#include "xnn/nn/conv.hpp"

namespace xnn::models::detail {

/// Gives every convolution weights from the normal distribution that keeps the variance of gradients through rectifiers,
/// and a bias of 0.
template <class Model>
void initialise_convolutions(Model& model) {
    nn::visit_modules(model, [](const nn::Path&, auto& module) {
        using Layer = std::remove_cvref_t<decltype(module)>;
        if constexpr (requires { typename Layer::weight_shape; }) {
            if constexpr (Layer::weight_shape::rank == 4) {
                nn::init::kaiming_normal_(module.weight, 0, nn::init::FanMode::fan_out, nn::init::Nonlinearity::relu);
                if constexpr (!std::same_as<decltype(module.bias), nn::NoBias>) nn::init::zeros_(module.bias);
            }
        }
    });
}

}  // namespace xnn::models::detail
