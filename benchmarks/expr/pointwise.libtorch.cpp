#include <torch/torch.h>

#include "pointwise.hpp"

namespace {

torch::Tensor tensor(std::span<const float> numbers, at::IntArrayRef extents) {
    return torch::from_blob(const_cast<float*>(numbers.data()), extents);
}
std::span<const float> numbers(const torch::Tensor& t) {
    return {t.const_data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

bench::Call gelu(Chain c, std::string approximation) {
    return [=, x = tensor(c.x, {c.rows, c.columns}), w = tensor(c.w, {c.columns}), b = tensor(c.b, {c.columns}),
            y = tensor(c.y, {c.rows, c.columns})]() mutable {
        const torch::InferenceMode guard;
        torch::addcmul_out(y, b, x, w);
        torch::gelu_(y, approximation);
        return c.y;
    };
}

}  // namespace

bench::Call gelu_libtorch(Chain c) { return gelu(c, "none"); }
bench::Call gelu_tanh_libtorch(Chain c) { return gelu(c, "tanh"); }

bench::Call gelu_gradients_libtorch(Chain c) {
    const auto leaf = [](torch::Tensor t) { return t.set_requires_grad(true); };
    return [x = leaf(tensor(c.x, {c.rows, c.columns})), w = leaf(tensor(c.w, {c.columns})),
            b = leaf(tensor(c.b, {c.columns})), gradients = std::vector<torch::Tensor>()]() mutable {
        gradients.clear();
        gradients = torch::autograd::grad({torch::gelu(torch::addcmul(b, x, w)).sum()}, {x, w, b});
        for (auto& gradient : gradients) gradient = gradient.contiguous();
        return bench::Arrays(numbers(gradients[0]), numbers(gradients[1]), numbers(gradients[2]));
    };
}

bench::Call mix_libtorch(Mixture m) {
    const auto matrix = [&](std::span<const float> data) { return tensor(data, {m.rows, m.columns}); };
    return [=, x = matrix(m.x), y = matrix(m.y), z = matrix(m.z), result = matrix(m.result)]() mutable {
        const torch::InferenceMode guard;
        torch::add_out(result, x, y);
        result.relu_().mul_(z);
        return m.result;
    };
}
