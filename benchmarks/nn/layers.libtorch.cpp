#include "layers.hpp"

#include <torch/torch.h>

#include <memory>

namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;

Tensor attention(const Tensor& x, const Tensors& w) {
    const auto parts = torch::linear(x, w[0], w[1]).view({x.size(0), x.size(1), 3, heads, -1}).permute({2, 0, 3, 1, 4}).unbind(0);
    const Tensor attended = at::scaled_dot_product_attention(parts[0], parts[1], parts[2]);
    return torch::linear(attended.transpose(1, 2).flatten(2), w[2], w[3]);
}

Tensor forward(Layer layer, const Tensor& x, const Tensors& w) {
    const auto state = [&] { return torch::zeros({1, x.size(0), w[1].size(1)}); };
    switch (layer) {
    case Layer::linear: return torch::linear(x, w[0], w[1]);
    case Layer::conv: return torch::conv2d(x, w[0], w[1], 1, 1);
    case Layer::batch_norm: return torch::batch_norm(x, w[0], w[1], w[2], w[3], true, 0.1, 1e-5, false);
    case Layer::layer_norm: return torch::layer_norm(x, w[0].sizes(), w[0], w[1]);
    case Layer::group_norm: return torch::group_norm(x, groups, w[0], w[1]);
    case Layer::max_pool: return torch::max_pool2d(x, 2);
    case Layer::avg_pool: return torch::avg_pool2d(x, 2);
    case Layer::embedding: return torch::embedding(w[0], x);
    case Layer::attention: return attention(x, w);
    case Layer::lstm: return std::get<0>(torch::lstm(x, {state(), state()}, w, true, 1, 0, true, false, true));
    case Layer::gru: return std::get<0>(torch::gru(x, state(), w, true, 1, 0, true, false, true));
    case Layer::dropout: return torch::dropout(x, 0.5, true);
    case Layer::relu: return x.relu();
    case Layer::gelu: return torch::gelu(x);
    case Layer::silu: return torch::silu(x);
    case Layer::tanh: return x.tanh();
    case Layer::sigmoid: return x.sigmoid();
    case Layer::softmax: return x.softmax(1);
    }
    return {};
}

struct Case {
    Layer layer;
    Tensors weights{};
    Tensor x, gy, y{};

    Case(const LayerWork& work, bool with_gradients) : layer(work.layer) {
        const bool numbers = work.indices.empty();
        x = numbers ? torch::from_blob(const_cast<float*>(work.numbers.data()), work.extents).clone().set_requires_grad(with_gradients)
                    : torch::from_blob(const_cast<std::int64_t*>(work.indices.data()), work.extents, torch::kInt64).clone();
        for (const auto& [extents, elements] : work.weights)
            weights.push_back(torch::from_blob(const_cast<float*>(elements.data()), extents).clone().set_requires_grad(with_gradients));
        if (layer == Layer::batch_norm) weights.insert(weights.end(), {torch::zeros(x.size(1)), torch::ones(x.size(1))});
        const torch::NoGradGuard no_grad;
        const auto extents = forward(layer, x, weights).sizes().vec();
        gy = torch::from_blob(const_cast<float*>(work.gy.data()), extents).clone();
    }

    /// Those that have gradients: the input, and weights.
    Tensors learning() const {
        Tensors result;
        if (x.requires_grad()) result.push_back(x);
        for (const Tensor& w : weights)
            if (w.requires_grad()) result.push_back(w);
        return result;
    }
};

std::span<const float> span(const Tensor& t) { return {t.const_data_ptr<float>(), static_cast<std::size_t>(t.numel())}; }

}  // namespace

bench::CallWithResults layer_libtorch(LayerWork work) {
    const auto c = std::make_shared<Case>(work, false);
    return {[=] {
                const torch::InferenceMode guard;
                c->y = forward(c->layer, c->x, c->weights);
                return bench::Arrays();
            },
            [=]() -> bench::Arrays {
                if (c->layer == Layer::dropout) return {};
                const torch::InferenceMode guard;
                c->y = c->y.contiguous();
                return span(c->y);
            }};
}

bench::CallWithResults layer_gradients_libtorch(LayerWork work) {
    const auto c = std::make_shared<Case>(work, true);
    return {[=] {
                for (Tensor& t : c->learning()) t.mutable_grad().reset();
                forward(c->layer, c->x, c->weights).backward(c->gy);
                return bench::Arrays();
            },
            [=]() -> bench::Arrays {
                if (c->layer == Layer::dropout) return {};
                std::vector<std::span<const float>> found;
                for (Tensor& t : c->learning()) {
                    t.mutable_grad() = t.grad().contiguous();
                    found.push_back(span(t.grad()));
                }
                found.resize(4);
                return {found[0], found[1], found[2], found[3]};
            }};
}
