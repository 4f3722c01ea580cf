// Changes of shape as layers. https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/ops/reshape.hpp"

namespace xnn::nn {

/// Dimensions start_dim to end_dim as one: [batch, d…] → [batch, product of d].
template <index_t StartDim = 1, index_t EndDim = -1>
struct Flatten : Module<Flatten<StartDim, EndDim>> {
    constexpr auto forward(auto x) const { return reshape_by<FlattenRule<StartDim, EndDim>>(std::move(x)); }
};

/// Flatten as a function, for chains.
inline constexpr Flatten<> flatten{};

}  // namespace xnn::nn
