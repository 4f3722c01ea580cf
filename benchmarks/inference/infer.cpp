// Answers of trained networks to 1 and to 16 inputs at a time, in inputs per second: an MLP 784-256-128-10, a LeNet,
// ResNet-18 for images of 32 × 32, the GPT of examples/char_gpt on 128 characters, an LSTM tagger on sentences of 24
// words, and the four networks of MLPerf Tiny.
#include "infer.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <xnn/models/gpt.hpp>
#include <xnn/models/lenet.hpp>
#include <xnn/models/tagger.hpp>
#include <xnn/models/tiny.hpp>
#include <xnn/xnn.hpp>

namespace {

using namespace xnn;

using Mlp = nn::Sequential<nn::Linear<784, 256>, nn::ReLU, nn::Linear<256, 128>, nn::ReLU, nn::Linear<128, 10>>;

template <index_t In, index_t Out>
using Stage = nn::Sequential<models::BasicBlock<In, Out, In == Out ? 1 : 2>, models::BasicBlock<Out, Out>>;
using ResNet18 = nn::Sequential<nn::Conv2d<3, 64, 3, nn::ConvOptions{.padding = 1, .bias = false}>, nn::BatchNorm2d<64>, nn::ReLU,
                                Stage<64, 64>, Stage<64, 128>, Stage<128, 256>, Stage<256, 512>,
                                nn::AdaptiveAvgPool2d<1>, nn::Flatten<>, nn::Linear<512, 10>>;

using Gpt = models::Gpt<models::GptOptions{.layers = 4, .heads = 4, .width = 128, .context = 128, .vocabulary = 65}>;
constexpr index_t words = 1000;
using Tagger = models::LSTMTagger<words, 12, models::TaggerOptions{.embedding_dim = 64, .hidden_dim = 64}>;

std::span<const float> span_of(const auto& y) {
    const auto view = y.value();
    return {view.data, static_cast<std::size_t>(view.size())};
}

/// A batch as the model takes it: Input is its tensor's type, with a first extent that the run decides.
template <class Input>
Input batch_of(bench::Work& work, index_t batch, index_t tokens) {
    auto extents = Input::shape_type::static_extents;
    extents[0] = batch;
    Input input{typename Input::shape_type(extents)};
    const auto numbers = work.random(static_cast<std::size_t>(input.size()), 0, 1);
    for (index_t i = 0; i < input.size(); ++i) {
        const float number = numbers[static_cast<std::size_t>(i)];
        if constexpr (std::same_as<typename Input::value_type, float>)
            input.data()[i] = number;
        else
            input.data()[i] = static_cast<std::int64_t>(number * static_cast<float>(tokens));
    }
    return input;
}

template <class Model, class Input>
void add_inference(bench::Work& work, Network network, index_t batch, index_t tokens) {
    struct Answerer {
        nn::frozen_t<Model> frozen;
        Model model;
        Input input;
    };
    manual_seed(1);
    Model model;
    {
        const NoGradGuard no_grad;
        const Input some = batch_of<Input>(work, 4, tokens);
        static_cast<void>(model(some).value());  // normalisations see some statistics
    }
    model.eval();
    const Input input = batch_of<Input>(work, batch, tokens);
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
    if constexpr (!std::same_as<nn::frozen_t<Model>, Model>) add("xnn not frozen", [](const Answerer& a) { return a.model(inference(a.input)); });
#if XNN_BENCH_LIBTORCH
    const auto extents = input.shape().extents();
    Inference peers{network, weights_of(answerer->frozen.state_dict()), {extents.begin(), extents.end()}, {}, {}};
    const auto size = static_cast<std::size_t>(input.size());
    if constexpr (std::same_as<typename Input::value_type, float>)
        peers.numbers = {answerer->input.data(), size};
    else
        peers.tokens = {answerer->input.data(), size};
    work.add("libtorch", infer_libtorch(peers, false));
    if constexpr (Input::shape_type::rank == 4) work.add("libtorch nhwc", infer_libtorch(peers, true));
#else
    static_cast<void>(network);
#endif
}

template <class Model, class Input>
void add(bench::Suite& suite, const std::string& name, Network network, index_t tokens = 0) {
    for (const index_t batch : {1, 16})
        suite.work(name + ", " + std::to_string(batch), {.items = static_cast<double>(batch)},
                   [=](bench::Work& work) { add_inference<Model, Input>(work, network, batch, tokens); });
}

template <index_t... Extents>
using Numbers = Tensor<float, Shape<dyn, Extents...>>;
template <index_t Length>
using Tokens = Tensor<std::int64_t, Shape<dyn, Length>>;

}  // namespace

void bench::suite(Suite& suite) {
    add<Mlp, Numbers<784>>(suite, "MLP", Network::mlp);
    add<models::LeNet<>, Numbers<1, 28, 28>>(suite, "LeNet", Network::lenet);
    add<ResNet18, Numbers<3, 32, 32>>(suite, "ResNet-18", Network::resnet18);
    add<Gpt, Tokens<128>>(suite, "char-GPT", Network::gpt, 65);
    add<Tagger, Tokens<24>>(suite, "LSTM tagger", Network::tagger, words);
    add<models::AnomalyAutoencoder<>, Numbers<640>>(suite, "anomaly detection", Network::autoencoder);
    add<models::DSCNN<>, Numbers<1, 49, 10>>(suite, "keyword spotting", Network::ds_cnn);
    add<models::MobileNetV1<>, Numbers<3, 96, 96>>(suite, "visual wake words", Network::mobilenet);
    add<models::ResNet8<>, Numbers<3, 32, 32>>(suite, "ResNet-8", Network::resnet8);
}
