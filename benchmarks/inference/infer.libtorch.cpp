#include <torch/torch.h>

#include <memory>

#include "infer.hpp"

namespace {

using torch::Tensor;

/// A network's weights, given out in the order of its layers, and the layers.
class Layers {
public:
    explicit Layers(const std::vector<Tensor>& weights) : weights_(weights) {}

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
    Tensor separable(Tensor x, std::int64_t stride) {
        x = conv(x, stride, {1, 1}, x.size(1)).relu_();
        return conv(x, 1, {0, 0}).relu_();
    }
    Tensor residual(const Tensor& x, std::int64_t stride) {
        const Tensor y = conv(conv(x, stride, {1, 1}).relu_(), 1, {1, 1});
        return y.add_(stride == 1 ? x : conv(x, stride, {0, 0})).relu_();
    }
    Tensor classified(const Tensor& x) { return linear(x.mean({2, 3})); }

private:
    const std::vector<Tensor>& weights_;
    std::size_t next_ = 0;
};

Tensor mlp(Layers layer, Tensor x, int hidden) {
    for (int i = 0; i < hidden; ++i) x = layer.linear(x).relu_();
    return layer.linear(x);
}
Tensor lenet(Layers layer, const Tensor& x) {
    const Tensor one = torch::max_pool2d(layer.conv(x, 1, {2, 2}).relu_(), 2);
    const Tensor two = torch::max_pool2d(layer.conv(one, 1, {0, 0}).relu_(), 2);
    Tensor h = two.flatten(1);
    for (int i = 0; i < 2; ++i) h = layer.linear(h).relu_();
    return layer.linear(h);
}
Tensor resnet(Layers layer, Tensor x, int stages, int blocks) {
    x = layer.conv(x, 1, {1, 1}).relu_();
    for (int stage = 0; stage < stages; ++stage)
        for (int block = 0; block < blocks; ++block) x = layer.residual(x, stage > 0 && block == 0 ? 2 : 1);
    return layer.classified(x);
}
Tensor ds_cnn(Layers layer, Tensor x) {
    x = layer.conv(x, 2, {5, 1}).relu_();
    for (int block = 0; block < 4; ++block) x = layer.separable(x, 1);
    return layer.classified(x);
}
Tensor mobilenet(Layers layer, Tensor x) {
    x = layer.conv(x, 2, {1, 1}).relu_();
    for (const int stride : {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1}) x = layer.separable(x, stride);
    return layer.classified(x);
}
Tensor gpt(Layers layer, const Tensor& tokens) {
    constexpr int blocks = 4, heads = 4;
    Tensor x = torch::embedding(layer.next(), tokens);
    x += layer.next();
    for (int block = 0; block < blocks; ++block) {
        const Tensor &in_weight = layer.next(), &in_bias = layer.next(), &out_weight = layer.next(), &out_bias = layer.next();
        const Tensor &w1 = layer.next(), &b1 = layer.next(), &w2 = layer.next(), &b2 = layer.next();
        const auto parts = torch::linear(layer.norm(x), in_weight, in_bias).view({x.size(0), x.size(1), 3, heads, -1}).permute({2, 0, 3, 1, 4}).unbind(0);
        const Tensor attended = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, 0, true);
        x += torch::linear(attended.transpose(1, 2).flatten(2), out_weight, out_bias);
        x += torch::linear(torch::gelu(torch::linear(layer.norm(x), w1, b1)), w2, b2);
    }
    x = layer.norm(x);
    return torch::linear(x, layer.next());
}
Tensor tagger(Layers layer, const Tensor& words) {
    const Tensor x = torch::embedding(layer.next(), words);
    const std::vector<Tensor> weights{layer.next(), layer.next(), layer.next(), layer.next()};
    const Tensor state = torch::zeros({1, x.size(0), weights[1].size(1)});
    return layer.linear(std::get<0>(torch::lstm(x, {state, state}, weights, true, 1, 0, false, false, true)));
}

Tensor answer(Network network, const std::vector<Tensor>& weights, const Tensor& x) {
    const Layers layers(weights);
    switch (network) {
    case Network::mlp: return mlp(layers, x, 2);
    case Network::autoencoder: return mlp(layers, x, 9);
    case Network::lenet: return lenet(layers, x);
    case Network::resnet18: return resnet(layers, x, 4, 2);
    case Network::resnet8: return resnet(layers, x, 3, 1);
    case Network::ds_cnn: return ds_cnn(layers, x);
    case Network::mobilenet: return mobilenet(layers, x);
    case Network::gpt: return gpt(layers, x);
    case Network::tagger: return tagger(layers, x);
    }
    return {};
}

std::vector<Tensor> tensors(const Inference& work, bool channels_last) {
    const bool turned = work.network != Network::gpt && work.network != Network::tagger;
    std::vector<Tensor> result;
    for (const auto& [extents, numbers] : work.weights) {
        const Tensor t = torch::from_blob(const_cast<float*>(numbers.data()), extents);
        if (extents.size() == 2 && turned)
            result.push_back(t.t().clone(at::MemoryFormat::Contiguous));
        else
            result.push_back(t.clone(channels_last && extents.size() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous));
    }
    return result;
}

}  // namespace

bench::CallWithResults infer_libtorch(Inference work, bool channels_last) {
    struct State {
        Network network;
        std::vector<Tensor> weights;
        Tensor x, y{};
    };
    const Tensor x = work.tokens.empty() ? torch::from_blob(const_cast<float*>(work.numbers.data()), work.extents)
                                         : torch::from_blob(const_cast<std::int64_t*>(work.tokens.data()), work.extents, torch::kInt64);
    const auto state = std::make_shared<State>(
        State{work.network, tensors(work, channels_last), x.clone(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous)});
    return {[=] {
                const torch::InferenceMode guard;
                state->y = answer(state->network, state->weights, state->x);
                return bench::Arrays();
            },
            [=] {
                const torch::InferenceMode guard;
                state->y = state->y.contiguous();
                return std::span<const float>(state->y.const_data_ptr<float>(), static_cast<std::size_t>(state->y.numel()));
            }};
}
