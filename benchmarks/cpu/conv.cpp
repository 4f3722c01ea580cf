// Convolutions and all their gradients.
#include "conv.hpp"

#include "conv_layers.hpp"
#include "xnn/cpu/conv.hpp"

namespace {

Convolution convolution(bench::Work& work, const Layer& l) {
    const long out_size = l.out_size();
    const auto size = [](long elements) { return static_cast<std::size_t>(elements); };
    return {l.batch,
            l.in_channels,
            l.in_size,
            l.out_channels,
            out_size,
            l.kernel,
            l.padding,
            l.groups,
            l.stride,
            work.random(size(l.batch * l.in_channels * l.in_size * l.in_size)),
            work.random(size(l.out_channels * l.in_channels / l.groups * l.kernel * l.kernel)),
            work.random(size(l.out_channels)),
            work.zeros(size(l.batch * l.out_channels * out_size * out_size))};
}

void add_forward(bench::Work& work, const Layer& layer) {
    const Convolution c = convolution(work, layer);
    work.add("xnn", [=, g = layer.geometry()] {
        xnn::kernels::conv_forward(xnn::Cpu{}, g, c.x.data(), c.weight.data(), c.bias.data(), c.y.data());
        return c.y;
    });
#if XNN_BENCH_ONEDNN  // not with channels first: oneDNN multiplies matrices there, and fails in one process with libtorch's own
    work.add("onednn", conv_onednn(c, Layout::any));
    work.add("onednn nhwc", conv_onednn(c, Layout::channels_last));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", conv_libtorch(c, Layout::channels_first));
    work.add("libtorch nhwc", conv_libtorch(c, Layout::channels_last));
#endif
}

void add_gradients(bench::Work& work, const Layer& layer) {
    const Convolution c = convolution(work, layer);
    const ConvolutionGradients d{c, work.random(c.y.size()), work.zeros(c.x.size()), work.zeros(c.weight.size()),
                                 work.zeros(c.bias.size())};
    work.add("xnn", [=, g = layer.geometry()] {
        constexpr xnn::Cpu cpu;
        xnn::kernels::conv_backward_weight(cpu, g, c.x.data(), d.gy.data(), d.gweight.data(), d.gbias.data(), false);
        xnn::kernels::conv_backward_data(cpu, g, d.gy.data(), c.weight.data(), d.gx.data(), false);
        return bench::Arrays(d.gx, d.gweight, d.gbias);
    });
#if XNN_BENCH_ONEDNN
    work.add("onednn", conv_gradients_onednn(d, Layout::any));
    work.add("onednn nhwc", conv_gradients_onednn(d, Layout::channels_last));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", conv_gradients_libtorch(d, Layout::channels_first));
    work.add("libtorch nhwc", conv_gradients_libtorch(d, Layout::channels_last));
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    for (const Layer& layer : layers) {
        suite.work(layer.name, {.flops = layer.flops()}, [=](Work& work) { add_forward(work, layer); });
        suite.work("d " + std::string(layer.name), {.flops = 2 * layer.flops()}, [=](Work& work) { add_gradients(work, layer); });
    }
}
