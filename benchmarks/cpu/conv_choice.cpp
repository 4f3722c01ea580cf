// Which algorithm computes a convolution: what the constant model of costs picks, beside every algorithm that could. The pick
// should be nearly as fast as the best of them.
#include "bench.hpp"
#include "conv_layers.hpp"
#include "xnn/cpu/conv.hpp"

namespace {

using namespace xnn;
using namespace xnn::kernels;

/// The arrays of one convolution and of its gradients.
struct Numbers {
    ConvGeometry g;
    std::span<float> x, w, gy, y, gx, gw;

    Numbers(bench::Work& work, const ConvGeometry& geometry)
        : g(geometry),
          x(work.random(size(g.batch * g.in_channels * g.input_size()))),
          w(work.random(size(g.out_channels * g.weights_per_output()))),
          gy(work.random(size(g.batch * g.out_channels * g.output_size()))),
          y(work.zeros(gy.size())),
          gx(work.zeros(x.size())),
          gw(work.zeros(w.size())) {}

private:
    static std::size_t size(index_t n) { return static_cast<std::size_t>(n); }
};

constexpr const float* no_bias = nullptr;
constexpr float* no_bias_gradient = nullptr;

void add_forward(bench::Work& work, const ConvGeometry& g) {
    const Numbers n(work, g);
    const auto add = [&](const char* name, auto algorithm) { work.add(name, [=] { return algorithm(n), n.y; }); };
    add("xnn", [](const Numbers& a) { conv_forward(Cpu{}, a.g, a.x.data(), a.w.data(), no_bias, a.y.data()); });
    add("panels", [](const Numbers& a) { conv_detail::forward_by_panels(a.g, a.x.data(), a.w.data(), no_bias, a.y.data(), false, false); });
    if (conv_detail::winograd_fits(g))
        add("winograd", [](const Numbers& a) {
            winograd_detail::forward(a.g, a.x.data(), a.w.data(), winograd_detail::weight_order(a.g), a.y.data(), {no_bias, false, false});
        });
    if (is_depthwise(g)) add("registers", [](const Numbers& a) { depthwise_detail::forward(a.g, a.x.data(), a.w.data(), no_bias, a.y.data(), false, false); });
#if defined(__AVX512VL__)
    if (is_depthwise(g) && depthwise_detail::walks_fit(g))
        add("walks", [](const Numbers& a) { depthwise_detail::forward_by_walks(a.g, a.x.data(), a.w.data(), false, a.y.data(), {no_bias, false, false}); });
#endif
}

void add_data_gradient(bench::Work& work, const ConvGeometry& g) {
    const Numbers n(work, g);
    const auto add = [&](const char* name, auto algorithm) { work.add(name, [=] { return algorithm(n), n.gx; }); };
    add("xnn", [](const Numbers& a) { conv_backward_data(Cpu{}, a.g, a.gy.data(), a.w.data(), a.gx.data(), false); });
    add("panels", [](const Numbers& a) { conv_detail::backward_data_by_panels(a.g, a.gy.data(), a.w.data(), a.gx.data(), false); });
    add("folding", [](const Numbers& a) { conv_detail::backward_data_by_folding(a.g, a.gy.data(), a.w.data(), a.gx.data(), false); });
    if (conv_detail::winograd_fits(g))
        add("winograd", [](const Numbers& a) {
            const ConvGeometry turned = conv_detail::turned_over(a.g);
            winograd_detail::forward(turned, a.gy.data(), a.w.data(), winograd_detail::turned_weight_order(turned), a.gx.data(), {no_bias, false, false});
        });
    if (is_depthwise(g)) add("registers", [](const Numbers& a) { depthwise_detail::backward_data(a.g, a.gy.data(), a.w.data(), a.gx.data(), false); });
#if defined(__AVX512VL__)
    if (is_depthwise(g) && depthwise_detail::walks_fit(g))
        add("walks", [](const Numbers& a) { depthwise_detail::backward_data_by_walks(a.g, a.gy.data(), a.w.data(), a.gx.data(), false); });
#endif
}

void add_weight_gradient(bench::Work& work, const ConvGeometry& g) {
    const Numbers n(work, g);
    const auto add = [&](const char* name, auto algorithm) { work.add(name, [=] { return algorithm(n), n.gw; }); };
    add("xnn", [](const Numbers& a) { conv_backward_weight(Cpu{}, a.g, a.x.data(), a.gy.data(), a.gw.data(), no_bias_gradient, false); });
    add("panels", [](const Numbers& a) { conv_detail::backward_weight_by_panels(a.g, a.x.data(), a.gy.data(), a.gw.data(), no_bias_gradient, false); });
    if (conv_detail::winograd_fits(g))
        add("winograd", [](const Numbers& a) { winograd_detail::backward_weight(a.g, a.x.data(), a.gy.data(), a.gw.data(), false); });
    if (is_depthwise(g)) add("registers", [](const Numbers& a) { depthwise_detail::backward_weight(a.g, a.x.data(), a.gy.data(), a.gw.data(), false); });
#if defined(__AVX512VL__)
    if (is_depthwise(g) && depthwise_detail::walks_fit(g))
        add("walks", [](const Numbers& a) { depthwise_detail::backward_weight_by_walks(a.g, a.x.data(), a.gy.data(), a.gw.data(), no_bias_gradient, false); });
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    for (const Layer& layer : layers)
        for (const long batch : {layer.batch, 1L}) {
            Layer l = layer;
            l.batch = batch;
            const std::string name = std::string(l.name) + " x" + std::to_string(batch);
            suite.work(name, {.flops = l.flops()}, [g = l.geometry()](Work& work) { add_forward(work, g); });
            suite.work("dx " + name, {.flops = l.flops()}, [g = l.geometry()](Work& work) { add_data_gradient(work, g); });
            suite.work("dw " + name, {.flops = l.flops()}, [g = l.geometry()](Work& work) { add_weight_gradient(work, g); });
        }
}
