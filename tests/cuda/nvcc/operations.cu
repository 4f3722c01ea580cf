// All operations, forward and back, as nvcc compiles them for a GPU. Nothing of this runs.
#define XNN_DEFAULT_DEVICE Cuda
#include <xnn/cuda.hpp>
#include <xnn/xnn.hpp>

using namespace xnn;
using namespace xnn::functional;

namespace {

template <class Y>
void both_ways(const Y& y) {
    sum(y).backward();
}

/// A layer of inputs of a shape.
template <class Layer, class S, class T = float>
void layer() {
    Layer module;
    Parameter<T, S> x;
    both_ways(module(x));
}

template <class T>
void pointwise() {
    Parameter<T, Shape<8, 12>> x;
    Parameter<T, Shape<12>> row;
    Parameter<T, Shape<8, 1>> column;
    both_ways(sigmoid(x * row + column) - tanh(exp(x) / (x * x + T(1))));
    both_ways(gelu(x) + silu(x) + softplus(x) + where(x > row, x, column));
    both_ways(pow(abs(x), T(2)) + sqrt(square(x)) + log(square(row)) + erf(x) + sin(x) * cos(x) + clamp(x, T(-1), T(1)) + mish(x));
    both_ways(cat<1>(slice<1, 1>(x), reshape<8, 12>(transpose<0, 1>(x))) * column);
    both_ways(flip<0>(x) + slice<1, 0, 12>(pad<Pads{1, 2}>(x)));
}

template <class T>
void reductions() {
    Parameter<T, Shape<6, 10, 4>> x;
    both_ways(mean<1>(x) + amax<1>(x) + prod<1>(x) + logsumexp<1>(x));
    (sum(var<0>(x)) + sum(norm<2>(x)) + sum(xnn::std<2>(x)) + sum(x) + mean<>(x)).backward();
    const auto place = argmax<1>(x);
    place.value();
    both_ways(softmax<1>(x) * log_softmax<2>(x));
}

template <class T>
void products() {
    Parameter<T, Shape<3, 8, 16>> a;
    Parameter<T, Shape<3, 16, 4>> b;
    Parameter<T, Shape<16, 4>> c;
    both_ways(matmul(a, b) + matmul(a, c));
    Parameter<T, Shape<2, 4, 32, 16>> q;
    both_ways(scaled_dot_product_attention(q, q, q));
}

void rows_of_tables() {
    Parameter<float, Shape<12, 4>> x;
    const Tensor<std::int64_t, Shape<5>> places;
    const Tensor<std::int64_t, Shape<12, 2>> along;
    both_ways(index_select<0>(x, places));
    both_ways(gather<1>(x, along));
    both_ways(nn::Embedding<12, 4>{}(places));
    both_ways(nn::EmbeddingBag<12, 4>{}(along));
}

template <class T>
void losses() {
    Parameter<T, Shape<8, 10>> x;
    const Tensor<T, Shape<8, 10>> y;
    const Tensor<std::int64_t, Shape<8>> labels, lengths;
    nn::CrossEntropyLoss<>{}(x, labels).backward();
    nn::NLLLoss<>{}(x, labels).backward();
    (nn::MSELoss<>{}(x, y) + nn::HuberLoss<>{}(x, y) + nn::BCEWithLogitsLoss<>{}(x, y) + nn::KLDivLoss<>{}(x, y)).backward();
    Parameter<T, Shape<20, 8, 10>> steps;
    const Tensor<std::int64_t, Shape<8, 5>> words;
    nn::CTCLoss<>{}(steps, words, lengths, lengths).backward();
}

template <class T>
void recurrent() {
    nn::LSTM<4, 8, nn::LSTMOptions{.num_layers = 2, .bidirectional = true}, T> lstm;
    nn::GRU<4, 8, nn::GRUOptions{}, T> gru;
    Parameter<T, Shape<7, 3, 4>> x;
    both_ways(lstm(x).output);
    both_ways(gru(x).output);
}

template <class... Layer>
struct Layers {};
template <class S, class... Layer>
void each(Layers<Layer...>) {
    (layer<Layer, S>(), ...);
}

}  // namespace

int main() {
    pointwise<float>();
    pointwise<double>();
    reductions<float>();
    products<float>();
    products<bfloat16>();
    products<float16>();
    rows_of_tables();
    losses<float>();
    recurrent<float>();
    each<Shape<4, 8, 9, 9>>(
        Layers<nn::Conv2d<8, 4, 3>, nn::Conv2d<8, 32, 3, nn::ConvOptions{.stride = 2, .padding = 1, .groups = 4}>, nn::ConvTranspose2d<8, 16, 3>, nn::MaxPool2d<2>,
               nn::AvgPool2d<3>, nn::AdaptiveAvgPool2d<4>, nn::AdaptiveMaxPool2d<3>, nn::BatchNorm2d<8>, nn::InstanceNorm2d<8>, nn::GroupNorm<2, 8>,
               nn::LayerNorm<Shape<9, 9>>, nn::RMSNorm<Shape<9>>, nn::LocalResponseNorm<3>, nn::ReflectionPad2d<1>, nn::ReplicationPad2d<1>, nn::CircularPad2d<1>, nn::Unfold<3>,
               nn::Dropout, nn::Dropout2d, nn::PReLU<8>, nn::GLU<1>>{});
    layer<nn::Conv1d<8, 4, 3, nn::ConvOptions{.padding = 1, .dilation = 2}>, Shape<2, 8, 16>>();
    layer<nn::Conv3d<2, 16, 3>, Shape<2, 2, 6, 6, 6>>();
    layer<nn::Linear<16, 4, true, double>, Shape<3, 16>, double>();
    nn::Linear<4, 2> model;
    optim::SGD(model, {.lr = 0.1, .momentum = 0.9}).step();
    optim::AdamW(model, {.lr = 0.1}).step();
    nn::Embedding<12, 4, nn::sparse> table;
    both_ways(table(Tensor<std::int64_t, Shape<5>>()));
    optim::SparseAdam(table).step();
}
