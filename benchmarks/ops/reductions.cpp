// Sums and means of a matrix, softmax, layer normalisation, cross entropy.
#include "reductions.hpp"

#include <memory>
#include <vector>

#include "operands.hpp"

namespace {

using bench::parameter;
using bench::view;
using xnn::Shape;

constexpr std::size_t elements(long rows, long columns) { return static_cast<std::size_t>(rows * columns); }

template <long Rows, long Columns, class Y, class F>
void add_reduction(bench::Work& work, Over over, bool mean, F f) {
    const auto x = work.random(elements(Rows, Columns));
    work.add("xnn", [=, y = xnn::Tensor<float, Y>()]() mutable {
        y = f(view<Shape<Rows, Columns>>(x));
        return bench::Arrays(std::span<const float>(y.data(), static_cast<std::size_t>(y.size())));
    });
    const Reduction r{Rows, Columns, over, mean, x, work.zeros(Y::static_size)};
#if XNN_BENCH_EIGEN
    work.add("eigen", reduction_eigen(r));
#endif
#if XNN_BENCH_ONEDNN
    work.add("onednn", reduction_onednn(r));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", reduction_libtorch(r));
#endif
    static_cast<void>(r);
}

template <long Rows, long Columns, bool Logarithm>
void add_softmax(bench::Work& work) {
    const auto x = work.random(elements(Rows, Columns), -4, 4);
    work.add("xnn", [=, y = xnn::Tensor<float, Shape<Rows, Columns>>()]() mutable {
        if constexpr (Logarithm)
            y = xnn::functional::log_softmax<1>(view<Shape<Rows, Columns>>(x));
        else
            y = xnn::functional::softmax<1>(view<Shape<Rows, Columns>>(x));
        return bench::Arrays(y);
    });
    const Softmax s{Rows, Columns, Logarithm, x, work.zeros(x.size())};
#if XNN_BENCH_EIGEN
    work.add("eigen", softmax_eigen(s));
#endif
#if XNN_BENCH_ONEDNN
    work.add("onednn", softmax_onednn(s));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", softmax_libtorch(s));
#endif
    static_cast<void>(s);
}

template <long Rows, long Columns>
LayerNorm layer_norm(bench::Work& work) {
    return {Rows, Columns, work.random(elements(Rows, Columns)), work.random(Columns), work.random(Columns),
            work.zeros(elements(Rows, Columns))};
}

template <long Rows, long Columns>
void add_layer_norm(bench::Work& work) {
    const LayerNorm l = layer_norm<Rows, Columns>(work);
    work.add("xnn", [=, y = xnn::Tensor<float, Shape<Rows, Columns>>()]() mutable {
        y = xnn::functional::layer_norm<Shape<Columns>>(view<Shape<Rows, Columns>>(l.x), {}, view<Shape<Columns>>(l.weight),
                                                        view<Shape<Columns>>(l.bias));
        return bench::Arrays(y);
    });
#if XNN_BENCH_EIGEN
    work.add("eigen", layer_norm_eigen(l));
#endif
#if XNN_BENCH_ONEDNN
    work.add("onednn", layer_norm_onednn(l));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", layer_norm_libtorch(l));
#endif
}

template <long Rows, long Columns>
void add_layer_norm_gradients(bench::Work& work) {
    const LayerNorm l = layer_norm<Rows, Columns>(work);
    const LayerNormGradients g{l, work.random(l.x.size()), work.zeros(l.x.size()), work.zeros(Columns), work.zeros(Columns)};
    work.add("xnn", [gy = g.gy, x = parameter<Shape<Rows, Columns>>(l.x), weight = parameter<Shape<Columns>>(l.weight),
                     bias = parameter<Shape<Columns>>(l.bias)]() mutable {
        x.zero_grad(), weight.zero_grad(), bias.zero_grad();
        xnn::functional::layer_norm<Shape<Columns>>(x, {}, weight, bias).backward(view<Shape<Rows, Columns>>(gy));
        return bench::Arrays(x.grad(), weight.grad(), bias.grad());
    });
#if XNN_BENCH_ONEDNN
    work.add("onednn", layer_norm_gradients_onednn(g));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", layer_norm_gradients_libtorch(g));
#endif
}

template <long Rows, long Columns>
void add_cross_entropy(bench::Work& work) {
    const auto x = work.random(elements(Rows, Columns), -4, 4);
    auto classes = std::make_shared<xnn::Tensor<std::int64_t, Shape<Rows>>>();
    for (long i = 0; i < Rows; ++i) (*classes)(i) = i * 7 % Columns;
    const std::span<float> xnn_loss = work.zeros(1);
    work.add("xnn", [=, logits = parameter<Shape<Rows, Columns>>(x)]() mutable {
        logits.zero_grad();
        const auto loss = xnn::functional::cross_entropy(logits, *classes);
        loss.backward();
        xnn_loss[0] = loss.item();
        return bench::Arrays(xnn_loss, logits.grad());
    });
    const CrossEntropy c{Rows, Columns, x, {classes->data(), Rows}, work.zeros(1), work.zeros(x.size())};
#if XNN_BENCH_EIGEN
    work.add("eigen", cross_entropy_eigen(c));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", cross_entropy_libtorch(c));
#endif
    static_cast<void>(c);
}

}  // namespace

void bench::suite(Suite& suite) {
    constexpr long n = 1024;
    constexpr double array = n * n * sizeof(float);
    suite.work("sum 1024x1024", {.bytes = array}, [](Work& work) {
        add_reduction<n, n, Shape<>>(work, Over::all, false, [](auto x) { return sum(x); });
    });
    suite.work("mean of rows 1024x1024", {.bytes = array}, [](Work& work) {
        add_reduction<n, n, Shape<n>>(work, Over::columns, true, [](auto x) { return xnn::mean<1>(x); });
    });
    suite.work("mean of columns 1024x1024", {.bytes = array}, [](Work& work) {
        add_reduction<n, n, Shape<n>>(work, Over::rows, true, [](auto x) { return xnn::mean<0>(x); });
    });
    suite.work("softmax 64x1000", {.bytes = 8 * 64 * 1000}, add_softmax<64, 1000, false>);
    suite.work("log_softmax 64x1000", {.bytes = 8 * 64 * 1000}, add_softmax<64, 1000, true>);
    suite.work("layer norm 512x768", {.bytes = 8 * 512 * 768}, add_layer_norm<512, 768>);
    suite.work("d layer norm 512x768", {.bytes = 20 * 512 * 768}, add_layer_norm_gradients<512, 768>);
    suite.work("d cross entropy 64x1000", {.bytes = 8 * 64 * 1000}, add_cross_entropy<64, 1000>);
}
