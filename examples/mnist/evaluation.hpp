// What a network makes of images that it has not learned from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>
#include <xnn/data/mnist.hpp>
#include <xnn/xnn.hpp>

#include "../devices.hpp"
#include "models.hpp"

namespace mnist {

/// The answers to a data set, image by image.
struct Evaluation {
    std::vector<std::int64_t> predicted;
    std::vector<float> confidence;  ///< the probability that the network gives to its answer
    double loss = 0;
    double accuracy = 0;
};

/// Runs the network over the first `count` images, many at once, without keeping anything for gradients.
template <class Device, class Model>
Evaluation evaluate(const Model& model, const xnn::data::Mnist& dataset, xnn::index_t count) {
    constexpr xnn::index_t at_once = 250;
    const xnn::NoGradGuard no_grad;
    const nn::CrossEntropyLoss criterion;
    const float* pixels = dataset.images().data();
    const std::int64_t* digits = dataset.labels().data();

    Evaluation result;
    xnn::index_t right = 0;
    for (xnn::index_t first = 0; first < count; first += at_once) {
        const xnn::index_t size = std::min(at_once, count - first);
        const xnn::TensorView<const float, Images> images{pixels + first * 28 * 28, Images(size)};
        const xnn::TensorView<const std::int64_t, xnn::Shape<xnn::dyn>> labels{digits + first, xnn::Shape<xnn::dyn>(size)};

        const auto logits = model(examples::on<Device>(images));  // has a name: computed once for the three uses below
        const auto answers = xnn::to<xnn::Cpu>(xnn::argmax<1>(logits));
        const auto confidence = xnn::to<xnn::Cpu>(xnn::amax<1>(nn::softmax<1>(logits)));
        result.loss += static_cast<double>(criterion(logits, examples::on<Device>(labels)).item()) * static_cast<double>(size);

        for (xnn::index_t i = 0; i < size; ++i) right += answers(i) == labels.data[i];
        result.predicted.insert(result.predicted.end(), answers.begin(), answers.end());
        result.confidence.insert(result.confidence.end(), confidence.begin(), confidence.end());
    }
    result.loss /= static_cast<double>(count);
    result.accuracy = static_cast<double>(right) / static_cast<double>(count);
    return result;
}

}  // namespace mnist
