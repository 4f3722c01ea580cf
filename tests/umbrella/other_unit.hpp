// What the second translation unit offers to the first.
#pragma once

#include <xnn/xnn.hpp>

namespace umbrella {

using Net = xnn::nn::Sequential<xnn::nn::Linear<4, 8>, xnn::nn::ReLU, xnn::nn::Linear<8, 3>>;
using Input = xnn::Tensor<float, xnn::Shape<5, 4>>;
using Labels = xnn::Tensor<std::int64_t, xnn::Shape<5>>;

/// One training step; the loss before it.
float train_in_other_unit(Net& net, const Input& x, const Labels& labels);

/// Addresses of what a program must have only once.
const void* generator_of_other_unit();
bool gradients_enabled_in_other_unit();

}  // namespace umbrella
