#include <torch/torch.h>

#include "reductions.hpp"

namespace {

torch::Tensor tensor(std::span<const float> numbers, at::IntArrayRef extents) {
    return torch::from_blob(const_cast<float*>(numbers.data()), extents);
}
torch::Tensor leaf(std::span<const float> numbers, at::IntArrayRef extents) {
    return tensor(numbers, extents).set_requires_grad(true);
}
std::span<const float> numbers(const torch::Tensor& t) {
    return {t.const_data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

}  // namespace

bench::Call reduction_libtorch(Reduction r) {
    std::vector<long> dimensions;
    if (r.over != Over::columns) dimensions.push_back(0);
    if (r.over != Over::rows) dimensions.push_back(1);
    const auto y = r.over == Over::all ? tensor(r.y, {}) : tensor(r.y, {static_cast<long>(r.y.size())});
    return [=, x = tensor(r.x, {r.rows, r.columns})]() mutable {
        const torch::InferenceMode guard;
        auto out = y;
        if (r.mean)
            torch::mean_out(out, x, dimensions);
        else
            torch::sum_out(out, x, dimensions);
        return r.y;
    };
}

bench::Call softmax_libtorch(Softmax s) {
    return [=, x = tensor(s.x, {s.rows, s.columns}), y = tensor(s.y, {s.rows, s.columns})]() mutable {
        const torch::InferenceMode guard;
        if (s.logarithm)
            torch::log_softmax_out(y, x, 1);
        else
            torch::softmax_out(y, x, 1);
        return s.y;
    };
}

bench::Call layer_norm_libtorch(LayerNorm l) {
    return [x = tensor(l.x, {l.rows, l.columns}), weight = tensor(l.weight, {l.columns}),
            bias = tensor(l.bias, {l.columns}), columns = l.columns, y = torch::Tensor()]() mutable {
        const torch::InferenceMode guard;
        y = torch::layer_norm(x, {columns}, weight, bias);
        return numbers(y);
    };
}

bench::Call layer_norm_gradients_libtorch(LayerNormGradients g) {
    const LayerNorm& l = g.forward;
    return [x = leaf(l.x, {l.rows, l.columns}), weight = leaf(l.weight, {l.columns}), bias = leaf(l.bias, {l.columns}),
            gy = tensor(g.gy, {l.rows, l.columns}), columns = l.columns,
            gradients = std::vector<torch::Tensor>()]() mutable {
        gradients = torch::autograd::grad({torch::layer_norm(x, {columns}, weight, bias)}, {x, weight, bias}, {gy});
        return bench::Arrays(numbers(gradients[0]), numbers(gradients[1]), numbers(gradients[2]));
    };
}

bench::Call cross_entropy_libtorch(CrossEntropy c) {
    auto classes = torch::from_blob(const_cast<std::int64_t*>(c.classes.data()), {c.rows}, torch::kInt64);
    return [=, x = leaf(c.x, {c.rows, c.columns}), gradient = torch::Tensor()]() mutable {
        const auto loss = torch::cross_entropy_loss(x, classes);
        gradient = torch::autograd::grad({loss}, {x})[0];
        c.loss[0] = loss.item<float>();
        return bench::Arrays(c.loss, numbers(gradient));
    };
}
