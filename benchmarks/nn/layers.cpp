// The common layers, one at a time and in training: forward without gradients, and, with a name that begins with d, forward
// and backward with the gradients of input and parameters.
#include "layers.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "operands.hpp"

namespace {

using namespace xnn;

/// What a module of several results or arguments is as one with one of each.
template <class Recurrent>
struct OutputOf : nn::Module<OutputOf<Recurrent>> {
    Recurrent layer;
    constexpr auto forward(auto x) const { return layer(std::move(x)).output; }
};
template <class Attention>
struct SelfAttention : nn::Module<SelfAttention<Attention>> {
    Attention attention;
    constexpr auto forward(auto x) const { return attention(x, x, x); }
};

/// A layer and its input, which is a parameter where its gradient is wanted.
template <class M, class T, AnyShape In>
struct Case {
    using Input = std::conditional_t<std::same_as<T, float>, Parameter<T, In>, Tensor<T, In>>;
    using Output = output_of<M, Tensor<T, In>>;
    M model;
    Input x;
    std::span<const float> gy;

    explicit Case(bench::Work& work) : gy(work.random(static_cast<std::size_t>(Output::static_size))) {
        const auto numbers = work.random(static_cast<std::size_t>(In::static_size), -1, 1);
        std::ranges::transform(numbers, x.data(), [](float number) {
            constexpr float entries = 1000;  // of an embedding
            return std::same_as<T, float> ? static_cast<T>(number) : static_cast<T>((number + 1) / 2 * entries);
        });
    }

    /// At most four: the input's, if it has one, and the first parameters'.
    bench::Arrays gradients() const {
        std::vector<std::span<const float>> found;
        const auto add = [&](const auto& parameter) {
            found.emplace_back(parameter.grad().data(), static_cast<std::size_t>(parameter.size()));
        };
        if constexpr (std::same_as<T, float>) add(x);
        nn::visit_parameters(const_cast<M&>(model), [&](const nn::Path&, const auto& parameter) { add(parameter); });
        found.resize(4);
        return {found[0], found[1], found[2], found[3]};
    }

    LayerWork as_peers_see_it(Layer layer) {
        LayerWork result{layer, weights_of(model.named_parameters()), {In::static_extents.begin(), In::static_extents.end()}, {}, {}, gy};
        if constexpr (std::same_as<T, float>)
            result.numbers = {x.data(), static_cast<std::size_t>(x.size())};
        else
            result.indices = {x.data(), static_cast<std::size_t>(x.size())};
        return result;
    }
};

template <class C>
std::shared_ptr<C> new_case(bench::Work& work) {
    manual_seed(1);
    return std::make_shared<C>(work);
}

template <Layer Kind, class C>
void add_forward(bench::Work& work) {
    const auto c = new_case<C>(work);
    const auto answer = [](const C& one) {
        if constexpr (requires { one.x.grad(); })
            return one.model(inference(one.x));
        else
            return one.model(one.x);
    };
    using Answer = decltype(answer(*c));
    work.add("xnn", [=, last = std::make_shared<std::optional<Answer>>()]() -> bench::Arrays {
        const NoGradGuard no_grad;
        last->emplace(answer(*c));
        const auto y = (*last)->value();
        if constexpr (Kind == Layer::dropout) return {};
        return std::span<const float>(y.data, static_cast<std::size_t>(y.size()));
    });
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", layer_libtorch(c->as_peers_see_it(Kind)));
#endif
}

template <Layer Kind, class C>
void add_gradients(bench::Work& work) {
    const auto c = new_case<C>(work);
    work.add("xnn", [=]() -> bench::Arrays {
        c->model.zero_grad();
        if constexpr (requires { c->x.zero_grad(); }) c->x.zero_grad();
        c->model(c->x).backward(bench::view<typename C::Output>(c->gy));
        if constexpr (Kind == Layer::dropout) return {};
        return c->gradients();
    });
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", layer_gradients_libtorch(c->as_peers_see_it(Kind)));
#endif
}

template <Layer Kind, class M, class T, AnyShape In>
void add(bench::Suite& suite, const std::string& name) {
    using C = Case<M, T, In>;
    constexpr auto products = static_cast<double>(flops<M, In, T>);
    // Where nothing is multiplied, what must be read and written at least: x and y, and, backward, x, y's gradient and x's.
    constexpr double in = sizeof(T) * In::static_size, out = sizeof(float) * C::Output::static_size;
    const auto cost = [](double share, double bytes) { return products > 0 ? bench::Cost{.flops = share * products} : bench::Cost{.bytes = bytes}; };
    suite.work(name, cost(1, in + out), add_forward<Kind, C>);
    suite.work("d " + name, cost(3, 3 * in + 2 * out), add_gradients<Kind, C>);
}

}  // namespace

void bench::suite(Suite& suite) {
    using Images = Shape<16, 64, 32, 32>;
    using Matrix = Shape<1024, 1024>;
    using Sequences = Shape<16, 128, 128>;
    constexpr nn::MultiheadAttentionOptions attention{.batch_first = true};
    add<Layer::linear, nn::Linear<512, 512>, float, Shape<64, 512>>(suite, "Linear 512 -> 512");
    add<Layer::conv, nn::Conv2d<64, 64, 3, nn::ConvOptions{.padding = 1}>, float, Shape<4, 64, 32, 32>>(suite, "Conv2d 64 -> 64 k3");
    add<Layer::batch_norm, nn::BatchNorm2d<64>, float, Images>(suite, "BatchNorm2d 64");
    add<Layer::layer_norm, nn::LayerNorm<Shape<128>>, float, Sequences>(suite, "LayerNorm 128");
    add<Layer::group_norm, nn::GroupNorm<groups, 64>, float, Images>(suite, "GroupNorm 8 of 64");
    add<Layer::max_pool, nn::MaxPool2d<2>, float, Images>(suite, "MaxPool2d 2");
    add<Layer::avg_pool, nn::AvgPool2d<2>, float, Images>(suite, "AvgPool2d 2");
    add<Layer::embedding, nn::Embedding<1000, 128>, std::int64_t, Shape<16, 128>>(suite, "Embedding 1000 x 128");
    add<Layer::attention, SelfAttention<nn::MultiheadAttention<128, heads, attention>>, float, Sequences>(suite, "MultiheadAttention 128");
    add<Layer::lstm, OutputOf<nn::LSTM<128, 128, nn::LSTMOptions{.batch_first = true}>>, float, Shape<32, 32, 128>>(suite, "LSTM 128 -> 128");
    add<Layer::gru, OutputOf<nn::GRU<128, 128, nn::GRUOptions{.batch_first = true}>>, float, Shape<32, 32, 128>>(suite, "GRU 128 -> 128");
    add<Layer::dropout, nn::Dropout, float, Matrix>(suite, "Dropout");
    add<Layer::relu, nn::ReLU, float, Matrix>(suite, "ReLU");
    add<Layer::gelu, nn::GELU, float, Matrix>(suite, "GELU");
    add<Layer::silu, nn::SiLU, float, Matrix>(suite, "SiLU");
    add<Layer::tanh, nn::Tanh, float, Matrix>(suite, "Tanh");
    add<Layer::sigmoid, nn::Sigmoid, float, Matrix>(suite, "Sigmoid");
    add<Layer::softmax, nn::Softmax<1>, float, Matrix>(suite, "Softmax");
}
