// Values that parameters begin with. https://pytorch.org/docs/stable/nn.init.html
#pragma once

#include <cmath>

#include "xnn/core/generator.hpp"
#include "xnn/core/tensor.hpp"

namespace xnn::nn::init {

/// Uniform on [low, high). The result of all functions here is the tensor.
template <Floating T, AnyShape S, class Device>
Tensor<T, S, Device>& uniform_(Tensor<T, S, Device>& tensor, double low = 0, double high = 1, Generator& generator = default_generator()) {
    const RandomStream stream = generator.draw(tensor.size());
    for (index_t i = 0; i < tensor.size(); ++i)
        tensor.data()[i] = static_cast<T>(static_cast<compute_t<T>>(low + (high - low) * static_cast<double>(stream.uniform(i))));
    return tensor;
}

/// A new tensor, uniform on [-bound, bound).
template <Floating T, AnyShape S, class Device = Cpu>
Tensor<T, S, Device> uniform_within(double bound) {
    Tensor<T, S, Device> tensor;
    return std::move(uniform_(tensor, -bound, bound));
}

/// PyTorch's default for the weights and biases of products: uniform within 1 / sqrt(fan_in).
template <Floating T, AnyShape S, class Device = Cpu>
Tensor<T, S, Device> default_for(index_t fan_in) {
    return uniform_within<T, S, Device>(fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0);
}

}  // namespace xnn::nn::init
