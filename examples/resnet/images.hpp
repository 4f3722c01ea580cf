// Handwritten digits as a network for colour images wants them.
#pragma once

#include <algorithm>
#include <utility>
#include <xnn/data/mnist.hpp>

#include "models.hpp"

namespace resnet {

using Digits = xnn::data::TensorDataset<xnn::Tensor<float, Images>, xnn::Tensor<std::int64_t, Labels>>;

/// A grey image of 28 × 28 as three equal channels in which every pixel is 2 × 2.
inline void enlarge(const float* grey, float* colour) {
    for (xnn::index_t channel = 0; channel < 3; ++channel)
        for (xnn::index_t row = 0; row < 56; ++row)
            for (xnn::index_t column = 0; column < 56; ++column) *colour++ = grey[row / 2 * 28 + column / 2];
}

/// The images of MNIST at these positions.
template <class Positions>
Digits digits_at(const xnn::data::Mnist& mnist, const Positions& positions) {
    const auto count = static_cast<xnn::index_t>(positions.size());
    xnn::Tensor<float, Images> images{Images(count)};
    xnn::Tensor<std::int64_t, Labels> labels{Labels(count)};
    xnn::index_t at = 0;
    for (const auto position : positions) {
        if (position < 0 || position >= mnist.size())
            xnn::fail("digits", "positions below " + std::to_string(mnist.size()), std::to_string(position));
        enlarge(mnist.images().data() + position * 28 * 28, images.data() + at * 3 * 56 * 56);
        labels(at++) = mnist.labels()(position);
    }
    return Digits(std::move(images), std::move(labels));
}

/// The first images of MNIST.
inline Digits first_digits(const xnn::data::Mnist& mnist, xnn::index_t count) {
    std::vector<xnn::index_t> positions(static_cast<std::size_t>(std::min(count, mnist.size())));
    for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<xnn::index_t>(i);
    return digits_at(mnist, positions);
}

}  // namespace resnet
