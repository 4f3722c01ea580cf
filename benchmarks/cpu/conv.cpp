// Convolutions and all their gradients: LeNet's two for batches of 64, layers of networks for large images for batches of 4,
// and those of small networks, ResNet-18 for images of 32 × 32, MobileNetV1 and DS-CNN, for batches of 16.
#include "conv.hpp"

#include "xnn/cpu/conv.hpp"

namespace {

struct Layer {
    const char* name;
    long batch, in_channels, in_size, out_channels, kernel, padding, groups = 1, stride = 1;

    long out_size() const { return (in_size + 2 * padding - kernel) / stride + 1; }
};

xnn::ConvGeometry geometry(const Convolution& c) {
    return {.batch = c.batch,
            .in_channels = c.in_channels,
            .out_channels = c.out_channels,
            .groups = c.groups,
            .input = {1, c.in_size, c.in_size},
            .kernel = {1, c.kernel, c.kernel},
            .stride = {1, c.stride, c.stride},
            .pad_before = {0, c.padding, c.padding},
            .pad_after = {0, c.padding, c.padding}};
}

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
    work.add("xnn", [=, g = geometry(c)] {
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
    work.add("xnn", [=, g = geometry(c)] {
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
    for (const Layer& layer : {Layer{"1x28x28 -> 20 k5", 64, 1, 28, 20, 5, 0},
                               {"20x12x12 -> 50 k5", 64, 20, 12, 50, 5, 0},
                               {"64x56x56 -> 64 k3", 4, 64, 56, 64, 3, 1},
                               {"256x56x56 -> 64 k1", 4, 256, 56, 64, 1, 0},
                               {"64x56x56 depthwise k3", 4, 64, 56, 64, 3, 1, 64},
                               {"3x32x32 -> 64 k3", 16, 3, 32, 64, 3, 1},
                               {"64x32x32 -> 64 k3", 16, 64, 32, 64, 3, 1},
                               {"128x16x16 -> 128 k3", 16, 128, 16, 128, 3, 1},
                               {"256x8x8 -> 256 k3", 16, 256, 8, 256, 3, 1},
                               {"512x4x4 -> 512 k3", 16, 512, 4, 512, 3, 1},
                               {"64x32x32 -> 128 k3 s2", 16, 64, 32, 128, 3, 1, 1, 2},
                               {"64x32x32 -> 128 k1 s2", 16, 64, 32, 128, 1, 0, 1, 2},
                               {"16x48x48 depthwise k3", 16, 16, 48, 16, 3, 1, 16},
                               {"64x24x24 depthwise k3 s2", 16, 64, 24, 64, 3, 1, 64, 2},
                               {"128x6x6 depthwise k3", 16, 128, 6, 128, 3, 1, 128},
                               {"16x48x48 -> 32 k1", 16, 16, 48, 32, 1, 0},
                               {"128x6x6 -> 128 k1", 16, 128, 6, 128, 1, 0}}) {
        const long out_size = layer.out_size();
        const double flops = 2.0 * static_cast<double>(layer.batch * layer.out_channels * out_size * out_size *
                                                       layer.in_channels / layer.groups * layer.kernel * layer.kernel);
        suite.work(layer.name, {.flops = flops}, [=](Work& work) { add_forward(work, layer); });
        suite.work("d " + std::string(layer.name), {.flops = 2 * flops}, [=](Work& work) { add_gradients(work, layer); });
    }
}
