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

/// Dimension Dim as several: `Unflatten<1, Shape<2, 5, 5>>`; one of them may be dyn and is deduced.
/// https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
template <index_t Dim, AnyShape UnflattenedSize>
struct Unflatten : Module<Unflatten<Dim, UnflattenedSize>> {
    constexpr auto forward(auto x) const { return reshape_by<UnflattenRule<Dim, UnflattenedSize>>(std::move(x)); }
};

/// Flatten as a function, for chains.
inline constexpr Flatten<> flatten{};

}  // namespace xnn::nn
