// Chains of pointwise operations on a million numbers, which stay in a cache, and on sixteen million, which do not. To copy
// as many is what memory allows.
#include "pointwise.hpp"

#include <cstring>

#include "operands.hpp"

namespace {

using bench::parameter;
using bench::view;
using xnn::Shape;
constexpr long rows = 1024, columns = 1024, many_rows = 16 * rows;
constexpr std::size_t size = rows * columns;
template <long Rows>
using Rectangle = Shape<Rows, columns>;
using Matrix = Rectangle<rows>;
using Row = Shape<columns>;

template <long Rows = rows>
Chain chain(bench::Work& work) {
    constexpr auto elements = static_cast<std::size_t>(Rows * columns);
    return {Rows, columns, work.random(elements), work.random(columns), work.random(columns), work.zeros(elements)};
}

template <xnn::GeluApproximation Approximation, long Rows = rows>
bench::Call gelu_xnn(Chain c) {
    return [=, y = xnn::Tensor<float, Rectangle<Rows>>()]() mutable {
        y = xnn::gelu<Approximation>(view<Rectangle<Rows>>(c.x) * view<Row>(c.w) + view<Row>(c.b));
        return bench::Arrays(y);
    };
}

bench::Call gelu_gradients_xnn(Chain c) {
    return [x = parameter<Matrix>(c.x), w = parameter<Row>(c.w), b = parameter<Row>(c.b)]() mutable {
        x.zero_grad(), w.zero_grad(), b.zero_grad();
        sum(xnn::gelu(x * w + b)).backward();
        return bench::Arrays(x.grad(), w.grad(), b.grad());
    };
}

bench::Call mix_xnn(Mixture m) {
    return [=, result = xnn::Tensor<float, Matrix>()]() mutable {
        result = xnn::relu(view<Matrix>(m.x) + view<Matrix>(m.y)) * view<Matrix>(m.z);
        return bench::Arrays(result);
    };
}

template <long Rows>
void add_copy(bench::Work& work) {
    const auto from = work.random(static_cast<std::size_t>(Rows * columns));
    work.add("xnn", [=, to = xnn::Tensor<float, Rectangle<Rows>>()]() mutable {
        to = xnn::operand(view<Rectangle<Rows>>(from));
        return bench::Arrays(to);
    });
    work.add("memcpy", [=, to = work.zeros(from.size())] {
        std::memcpy(to.data(), from.data(), from.size_bytes());
        return to;
    });
}

template <long Rows>
void add_gelu(bench::Work& work) {
    const Chain c = chain<Rows>(work);
    work.add("xnn", gelu_xnn<xnn::GeluApproximation::none, Rows>(c));
#if XNN_BENCH_EIGEN
    work.add("eigen", gelu_eigen(c));
#endif
#if XNN_BENCH_ONEDNN
    work.add("onednn", gelu_onednn(c));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", gelu_libtorch(c));
#endif
}

void add_gelu_tanh(bench::Work& work) {
    const Chain c = chain(work);
    work.add("xnn", gelu_xnn<xnn::GeluApproximation::tanh>(c));
#if XNN_BENCH_EIGEN
    work.add("eigen", gelu_tanh_eigen(c));
#endif
#if XNN_BENCH_ONEDNN
    work.add("onednn", gelu_tanh_onednn(c));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", gelu_tanh_libtorch(c));
#endif
}

void add_gelu_gradients(bench::Work& work) {
    const Chain c = chain(work);
    work.add("xnn", gelu_gradients_xnn(c));
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", gelu_gradients_libtorch(c));
#endif
}

void add_mix(bench::Work& work) {
    const Mixture m{rows, columns, work.random(size), work.random(size), work.random(size), work.zeros(size)};
    work.add("xnn", mix_xnn(m));
#if XNN_BENCH_EIGEN
    work.add("eigen", mix_eigen(m));
#endif
#if XNN_BENCH_ONEDNN
    work.add("onednn", mix_onednn(m));
#endif
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", mix_libtorch(m));
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    constexpr double array = size * sizeof(float);
    suite.work("copy", {.bytes = 2 * array}, add_copy<rows>);
    suite.work("relu(x + y) * z", {.bytes = 4 * array}, add_mix);
    suite.work("gelu(x * w + b)", {.bytes = 2 * array}, add_gelu<rows>);
    suite.work("gelu_tanh(x * w + b)", {.bytes = 2 * array}, add_gelu_tanh);
    suite.work("d sum(gelu(x * w + b))", {.bytes = 2 * array}, add_gelu_gradients);
    suite.work("copy, 64 MiB", {.bytes = 32 * array}, add_copy<many_rows>);
    suite.work("gelu(x * w + b), 64 MiB", {.bytes = 32 * array}, add_gelu<many_rows>);
}
