// The networks as libtorch computes them.
#pragma once

#include <torch/torch.h>

#include "networks.hpp"

namespace libtorch {

using torch::Tensor;
using Tensors = std::vector<Tensor>;

/// The running mean and variance of each batch normalisation of a network in training.
using Statistics = std::vector<std::pair<Tensor, Tensor>>;

/// A network's weights, given out in the order of its layers, and the layers. Without statistics batch normalisations have
/// been folded into the layers in front of them.
class Layers {
public:
    Layers(const Tensors& weights, Statistics* statistics) : weights_(weights), statistics_(statistics) {}

    const Tensor& next() { return weights_[next_++]; }
    Tensor linear(const Tensor& x) {
        const Tensor &w = next(), &b = next();
        return torch::linear(x, w, b);
    }
    Tensor norm(const Tensor& x) {
        const Tensor &w = next(), &b = next();
        return torch::layer_norm(x, w.sizes(), w, b);
    }
    Tensor conv(const Tensor& x, std::int64_t stride, std::vector<std::int64_t> padding, std::int64_t groups = 1) {
        const Tensor &w = next(), &b = next();
        return torch::conv2d(x, w, b, {stride, stride}, padding, {1, 1}, groups);
    }
    /// With a batch normalisation behind it.
    Tensor normalized(const Tensor& x, std::int64_t stride, std::vector<std::int64_t> padding, std::int64_t groups = 1) {
        if (!statistics_) return conv(x, stride, std::move(padding), groups);
        const Tensor &w = next(), &scale = next(), &shift = next();
        if (norm_ == statistics_->size()) statistics_->emplace_back(torch::zeros(w.size(0)), torch::ones(w.size(0)));
        auto& [mean, variance] = (*statistics_)[norm_++];
        const Tensor y = torch::conv2d(x, w, {}, {stride, stride}, padding, {1, 1}, groups);
        return torch::batch_norm(y, scale, shift, mean, variance, true, 0.1, 1e-5, false);
    }
    Tensor separable(Tensor x, std::int64_t stride) {
        x = normalized(x, stride, {1, 1}, x.size(1)).relu_();
        return normalized(x, 1, {0, 0}).relu_();
    }
    Tensor residual(const Tensor& x, std::int64_t stride) {
        const Tensor y = normalized(normalized(x, stride, {1, 1}).relu_(), 1, {1, 1});
        return y.add_(stride == 1 ? x : normalized(x, stride, {0, 0})).relu_();
    }
    Tensor classified(const Tensor& x) { return linear(x.mean({2, 3})); }

private:
    const Tensors& weights_;
    Statistics* statistics_;
    std::size_t next_ = 0, norm_ = 0;
};

inline Tensor mlp(Layers layer, Tensor x, int hidden) {
    for (int i = 0; i < hidden; ++i) x = layer.linear(x).relu_();
    return layer.linear(x);
}
inline Tensor lenet(Layers layer, const Tensor& x) {
    const Tensor one = torch::max_pool2d(layer.conv(x, 1, {0, 0}), 2).relu_();
    const Tensor two = torch::max_pool2d(layer.conv(one, 1, {0, 0}), 2).relu_();
    return layer.linear(layer.linear(two.flatten(1)).relu_());
}
inline Tensor lenet5(Layers layer, const Tensor& x) {
    const Tensor one = torch::max_pool2d(layer.conv(x, 1, {2, 2}).relu_(), 2);
    const Tensor two = torch::max_pool2d(layer.conv(one, 1, {0, 0}).relu_(), 2);
    Tensor h = two.flatten(1);
    for (int i = 0; i < 2; ++i) h = layer.linear(h).relu_();
    return layer.linear(h);
}
inline Tensor resnet(Layers layer, Tensor x, int stages, int blocks) {
    x = layer.normalized(x, 1, {1, 1}).relu_();
    for (int stage = 0; stage < stages; ++stage)
        for (int block = 0; block < blocks; ++block) x = layer.residual(x, stage > 0 && block == 0 ? 2 : 1);
    return layer.classified(x);
}
inline Tensor ds_cnn(Layers layer, Tensor x) {
    x = layer.normalized(x, 2, {5, 1}).relu_();
    for (int block = 0; block < 4; ++block) x = layer.separable(x, 1);
    return layer.classified(x);
}
inline Tensor mobilenet(Layers layer, Tensor x) {
    x = layer.normalized(x, 2, {1, 1}).relu_();
    for (const int stride : {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1}) x = layer.separable(x, stride);
    return layer.classified(x);
}
/// In place where nothing goes back through it.
inline Tensor sum(const Tensor& x, const Tensor& y) { return torch::GradMode::is_enabled() ? x + y : x.add_(y); }
inline Tensor gpt(Layers layer, const Tensor& tokens) {
    constexpr int blocks = 4, heads = 4;
    Tensor x = torch::embedding(layer.next(), tokens);
    x = sum(x, layer.next());
    for (int block = 0; block < blocks; ++block) {
        const Tensor &in_weight = layer.next(), &in_bias = layer.next(), &out_weight = layer.next(), &out_bias = layer.next();
        const Tensor &w1 = layer.next(), &b1 = layer.next(), &w2 = layer.next(), &b2 = layer.next();
        const auto parts = torch::linear(layer.norm(x), in_weight, in_bias).view({x.size(0), x.size(1), 3, heads, -1}).permute({2, 0, 3, 1, 4}).unbind(0);
        const Tensor attended = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, 0, true);
        x = sum(x, torch::linear(attended.transpose(1, 2).flatten(2), out_weight, out_bias));
        x = sum(x, torch::linear(torch::gelu(torch::linear(layer.norm(x), w1, b1)), w2, b2));
    }
    x = layer.norm(x);
    return torch::linear(x, layer.next());
}
inline Tensor tagger(Layers layer, const Tensor& words) {
    const Tensor x = torch::embedding(layer.next(), words);
    const std::vector<Tensor> weights{layer.next(), layer.next(), layer.next(), layer.next()};
    const Tensor state = torch::zeros({1, x.size(0), weights[1].size(1)});
    return layer.linear(std::get<0>(torch::lstm(x, {state, state}, weights, true, 1, 0, torch::GradMode::is_enabled(), false, true)));
}

inline Tensor answer(Network network, const Tensors& weights, const Tensor& x, Statistics* statistics = nullptr) {
    const Layers layers(weights, statistics);
    switch (network) {
    case Network::mlp: return mlp(layers, x, 2);
    case Network::autoencoder: return mlp(layers, x, 9);
    case Network::lenet: return lenet(layers, x);
    case Network::lenet5: return lenet5(layers, x);
    case Network::resnet18: return resnet(layers, x, 4, 2);
    case Network::resnet8: return resnet(layers, x, 3, 1);
    case Network::ds_cnn: return ds_cnn(layers, x);
    case Network::mobilenet: return mobilenet(layers, x);
    case Network::gpt: return gpt(layers, x);
    case Network::tagger: return tagger(layers, x);
    }
    return {};
}

/// A copy of its own; images [batch, channels, height, width] as libtorch likes them best, or as they are.
inline Tensor laid(const Tensor& t, bool channels_last) {
    return t.clone(channels_last && t.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}
inline Tensor tensor(const Batch& batch, bool channels_last) {
    if (batch.tokens.empty()) return laid(torch::from_blob(const_cast<float*>(batch.numbers.data()), batch.extents), channels_last);
    return torch::from_blob(const_cast<std::int64_t*>(batch.tokens.data()), batch.extents, torch::kInt64).clone();
}
inline Tensor tensor(const Weight& weight, bool channels_last) {
    return laid(torch::from_blob(const_cast<float*>(weight.numbers.data()), weight.extents), channels_last);
}

}  // namespace libtorch
