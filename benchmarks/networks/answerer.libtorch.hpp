// Answers of libtorch.
#pragma once

#include "networks.libtorch.hpp"

namespace libtorch {

class Answerer {
public:
    Answerer(const Inference& work, bool channels_last) : network_(work.network), x_(tensor(work.input, channels_last)) {
        for (const Weight& weight : work.weights) {
            const Tensor t = tensor(weight, channels_last);
            weights_.push_back(work.frozen && t.dim() == 2 ? t.t().contiguous() : t);
        }
    }

    void answer() {
        const torch::InferenceMode guard;
        y_ = libtorch::answer(network_, weights_, x_);
    }
    std::span<const float> results() {
        const torch::InferenceMode guard;
        y_ = y_.contiguous();
        return {y_.const_data_ptr<float>(), static_cast<std::size_t>(y_.numel())};
    }

private:
    Network network_;
    Tensors weights_{};
    Tensor x_, y_{};
};

}  // namespace libtorch
