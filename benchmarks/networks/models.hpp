// The networks of the suites, and what they are trained on.
#pragma once

#include <random>
#include <span>
#include <xnn/models/gpt.hpp>
#include <xnn/models/lenet.hpp>
#include <xnn/models/resnet.hpp>
#include <xnn/models/tagger.hpp>
#include <xnn/models/tiny.hpp>
#include <xnn/xnn.hpp>

#include "networks.hpp"

namespace networks {

using namespace xnn;

using Mlp = nn::Sequential<nn::Linear<784, 256>, nn::ReLU, nn::Linear<256, 128>, nn::ReLU, nn::Linear<128, 10>>;

/// With 20 and 50 channels and 500 features.
struct LeNet : nn::Module<LeNet> {
    nn::Conv2d<1, 20, 5> conv1;
    nn::Conv2d<20, 50, 5> conv2;
    nn::Linear<800, 500> fc1;
    nn::Linear<500, 10> fc2;
    constexpr auto forward(auto x) const {
        return x | conv1 | nn::max_pool2d<2> | nn::relu | conv2 | nn::max_pool2d<2> | nn::relu | nn::flatten | fc1 | nn::relu | fc2;
    }
};

/// ResNet-18 for images of 32 × 32.
template <index_t In, index_t Out>
using Stage = nn::Sequential<models::BasicBlock<In, Out, In == Out ? 1 : 2>, models::BasicBlock<Out, Out>>;
using ResNet18 = nn::Sequential<nn::Conv2d<3, 64, 3, nn::ConvOptions{.padding = 1, .bias = false}>, nn::BatchNorm2d<64>, nn::ReLU,
                                Stage<64, 64>, Stage<64, 128>, Stage<128, 256>, Stage<256, 512>,
                                nn::AdaptiveAvgPool2d<1>, nn::Flatten<>, nn::Linear<512, 10>>;

/// The GPT of examples/char_gpt.
inline constexpr index_t characters = 65, context = 128;
using Gpt = models::Gpt<models::GptOptions{.layers = 4, .heads = 4, .width = 128, .context = context, .vocabulary = characters}>;

inline constexpr index_t words = 1000;
using Tagger = models::LSTMTagger<words, 12, models::TaggerOptions{.embedding_dim = 64, .hidden_dim = 64}>;

/// A network, the batch that it learns from, and FLOPs of its first layer. Tokens are numbers below Vocabulary.
template <class M, Network Name, class T, AnyShape In, index_t First, index_t Vocabulary = 0>
struct Task {
    using Model = M;
    using Input = Tensor<T, In>;
    using Scores = output_of<M, Input>;
    static constexpr Network network = Name;
    static constexpr index_t vocabulary = Vocabulary;
    static constexpr index_t samples = In::static_extents[0];
    static constexpr index_t classes = Scores::static_extents[Scores::rank - 1];
    static constexpr index_t rows = Scores::static_size / classes;
    /// Of a step: forward, and as many for the gradients of weights and of inputs each; nobody wants those of the first
    /// layer's input.
    static constexpr double step_flops = 3.0 * static_cast<double>(flops<M, In, T>) - static_cast<double>(First);
};

using MlpTask = Task<Mlp, Network::mlp, float, Shape<64, 784>, flops<nn::Linear<784, 256>, Shape<64, 784>>>;
using LeNetTask = Task<LeNet, Network::lenet, float, Shape<64, 1, 28, 28>, flops<nn::Conv2d<1, 20, 5>, Shape<64, 1, 28, 28>>>;
using ResNetTask = Task<ResNet18, Network::resnet18, float, Shape<16, 3, 32, 32>,
                        flops<nn::Conv2d<3, 64, 3, nn::ConvOptions{.padding = 1, .bias = false}>, Shape<16, 3, 32, 32>>>;
using GptTask = Task<Gpt, Network::gpt, std::int64_t, Shape<16, context>, 0, characters>;
using TaggerTask = Task<Tagger, Network::tagger, std::int64_t, Shape<32, 24>, 0, words>;

/// Fills an input with floats in [0, 1) or tokens below `vocabulary`, the same ones at each call.
template <class T, class S>
void fill(Tensor<T, S>& input, index_t vocabulary) {
    std::mt19937 generator;
    std::uniform_real_distribution<float> uniform(0, vocabulary > 0 ? static_cast<float>(vocabulary) : 1.f);
    for (T& element : std::span(input.data(), static_cast<std::size_t>(input.size()))) element = static_cast<T>(uniform(generator));
}

/// As peers see it.
template <class T, class S>
Batch batch(const Tensor<T, S>& input) {
    const auto extents = input.shape().extents();
    Batch result{{extents.begin(), extents.end()}};
    const std::span<const T> elements(input.data(), static_cast<std::size_t>(input.size()));
    if constexpr (std::same_as<T, float>)
        result.numbers = elements;
    else
        result.tokens = elements;
    return result;
}

}  // namespace networks
