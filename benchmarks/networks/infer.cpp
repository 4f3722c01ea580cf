// Answers of trained networks to 1 and to 16 inputs at a time, in inputs per second: an MLP 784-256-128-10, a LeNet,
// ResNet-18 for images of 32 × 32, the GPT of examples/char_gpt on 128 characters, an LSTM tagger on sentences of 24
// words, and the four networks of MLPerf Tiny.
#include <memory>
#include <optional>

#include "models.hpp"

namespace {

using namespace networks;

std::span<const float> span_of(const auto& y) {
    const auto view = y.value();
    return {view.data, static_cast<std::size_t>(view.size())};
}

/// A batch as the model takes it: Input is its tensor's type, with a first extent that the run decides.
template <class Input>
Input batch_of(index_t size, index_t vocabulary) {
    auto extents = Input::shape_type::static_extents;
    extents[0] = size;
    Input input{typename Input::shape_type(extents)};
    fill(input, vocabulary);
    return input;
}

template <class Model, class Input>
void add_inference(bench::Work& work, Network network, index_t samples, index_t vocabulary) {
    struct Answerer {
        nn::frozen_t<Model> frozen;
        Model model;
        Input input;
    };
    manual_seed(1);
    Model model;
    {
        const NoGradGuard no_grad;
        const Input some = batch_of<Input>(4, vocabulary);
        static_cast<void>(model(some).value());  // normalisations see some statistics
    }
    model.eval();
    const Input input = batch_of<Input>(samples, vocabulary);
    const auto answerer = std::make_shared<Answerer>(Answerer{nn::freeze(model), std::move(model), input});
    // What was answered lives until the next answer.
    const auto add = [&](const char* name, auto answer) {
        using Answer = decltype(answer(*answerer));
        work.add(name, [=, last = std::make_shared<std::optional<Answer>>()] {
            const NoGradGuard no_grad;
            last->emplace(answer(*answerer));
            return span_of(**last);
        });
    };
    add("xnn", [](const Answerer& a) { return a.frozen(inference(a.input)); });
    constexpr bool freezes = !std::same_as<nn::frozen_t<Model>, Model>;
    if constexpr (freezes) add("xnn not frozen", [](const Answerer& a) { return a.model(inference(a.input)); });
#if XNN_BENCH_LIBTORCH
    const Inference peers{network, weights_of(answerer->frozen.state_dict()), freezes, batch(answerer->input)};
    work.add("libtorch", infer_libtorch(peers, false));
    if constexpr (Input::shape_type::rank == 4) work.add("libtorch nhwc", infer_libtorch(peers, true));
#else
    static_cast<void>(network);
#endif
}

/// Of an answer to one input.
template <class Model, class Input>
constexpr double flops_of = 0;
template <class Model, class T, index_t... Extents>
constexpr double flops_of<Model, Tensor<T, Shape<dyn, Extents...>>> = static_cast<double>(flops<Model, Shape<1, Extents...>, T>);

template <class Model, class Input>
void add(bench::Suite& suite, const std::string& name, Network network, index_t vocabulary = 0) {
    for (const index_t samples : {1, 16})
        suite.work(name + ", " + std::to_string(samples), {.flops = static_cast<double>(samples) * flops_of<Model, Input>, .items = static_cast<double>(samples)},
                   [=](bench::Work& work) { add_inference<Model, Input>(work, network, samples, vocabulary); });
}

template <index_t... Extents>
using Numbers = Tensor<float, Shape<dyn, Extents...>>;
template <index_t Length>
using Tokens = Tensor<std::int64_t, Shape<dyn, Length>>;

}  // namespace

void bench::suite(Suite& suite) {
    add<Mlp, Numbers<784>>(suite, "MLP", Network::mlp);
    add<models::LeNet<>, Numbers<1, 28, 28>>(suite, "LeNet", Network::lenet5);
    add<ResNet18, Numbers<3, 32, 32>>(suite, "ResNet-18", Network::resnet18);
    add<Gpt, Tokens<128>>(suite, "char-GPT", Network::gpt, characters);
    add<Tagger, Tokens<24>>(suite, "LSTM tagger", Network::tagger, words);
    add<models::AnomalyAutoencoder<>, Numbers<640>>(suite, "anomaly detection", Network::autoencoder);
    add<models::DSCNN<>, Numbers<1, 49, 10>>(suite, "keyword spotting", Network::ds_cnn);
    add<models::MobileNetV1<>, Numbers<3, 96, 96>>(suite, "visual wake words", Network::mobilenet);
    add<models::ResNet8<>, Numbers<3, 32, 32>>(suite, "ResNet-8", Network::resnet8);
}
