#include <torch/torch.h>

#include "conv.hpp"

namespace {

torch::Tensor tensor(std::span<const float> numbers, at::IntArrayRef extents) {
    return torch::from_blob(const_cast<float*>(numbers.data()), extents);
}
std::span<const float> numbers(const torch::Tensor& t) {
    return {t.const_data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

/// What a convolution works on, in the layout that is asked for.
struct Inputs {
    torch::Tensor x, weight, bias;

    Inputs(const Convolution& c, at::MemoryFormat format)
        : x(tensor(c.x, {c.batch, c.in_channels, c.in_size, c.in_size}).contiguous(format)),
          weight(tensor(c.weight, {c.out_channels, c.in_channels / c.groups, c.kernel, c.kernel}).contiguous(format)),
          bias(tensor(c.bias, {c.out_channels})) {}
};

at::MemoryFormat format_of(Layout layout) {
    return layout == Layout::channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

}  // namespace

bench::CallWithResults conv_libtorch(Convolution c, Layout layout) {
    const auto y = std::make_shared<torch::Tensor>();
    return {[=, in = Inputs(c, format_of(layout))] {
                const torch::InferenceMode guard;
                *y = torch::conv2d(in.x, in.weight, in.bias, {c.stride, c.stride}, {c.padding, c.padding}, {1, 1}, c.groups);
                return bench::Arrays();
            },
            [=] {
                const torch::InferenceMode guard;
                *y = y->contiguous();
                return numbers(*y);
            }};
}

bench::CallWithResults conv_gradients_libtorch(ConvolutionGradients d, Layout layout) {
    const Convolution& c = d.forward;
    const auto gy = tensor(d.gy, {c.batch, c.out_channels, c.out_size, c.out_size}).contiguous(format_of(layout));
    const auto gradients = std::make_shared<std::array<torch::Tensor, 3>>();
    return {[=, in = Inputs(c, format_of(layout)), stride = c.stride, padding = c.padding, groups = c.groups] {
                const torch::InferenceMode guard;
                auto [gx, gweight, gbias] =
                    at::convolution_backward(gy, in.x, in.weight, in.bias.sizes(), {stride, stride}, {padding, padding}, {1, 1},
                                             false, {0, 0}, groups, {true, true, true});
                *gradients = {gx, gweight, gbias};
                return bench::Arrays();
            },
            [=] {
                const torch::InferenceMode guard;
                for (auto& gradient : *gradients) gradient = gradient.contiguous();
                return bench::Arrays(numbers((*gradients)[0]), numbers((*gradients)[1]), numbers((*gradients)[2]));
            }};
}
