#include "xnn/nn/freeze.hpp"

#include <array>
#include <thread>
#include <utility>
#include <vector>

#include "../support/frozen.hpp"
#include "xnn/models/lenet.hpp"
#include "xnn/models/resnet.hpp"
#include "xnn/nn/cost.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;

namespace {

/// A convolution that is one by Winograd's algorithm, for which the weights are kept in another form.
using Kept = nn::Sequential<nn::Conv2d<32, 32, 3, nn::ConvOptions{.padding = 1}>, nn::BatchNorm2d<32>, nn::ReLU>;
using KeptInput = Shape<2, 32, 16, 16>;

/// Layers that are neither frozen nor folded where the next or the last one is, and all that is.
using Chain = nn::Sequential<nn::Conv2d<3, 4, 3>, nn::BatchNorm2d<4>, nn::ReLU, nn::Conv2d<4, 8, 3, nn::ConvOptions{.padding = 1, .groups = 4, .bias = false}>,
                             nn::BatchNorm2d<8, nn::BatchNormOptions{.affine = false}>, nn::Dropout, nn::ConvTranspose2d<8, 4, 2>, nn::BatchNorm2d<4>, nn::GELU,
                             nn::BatchNorm2d<4>, nn::Conv2d<4, 2, 1>, nn::Flatten<>, nn::Linear<98, 5, false>, nn::BatchNorm1d<5>, nn::Tanh, nn::Linear<5, 3>>;
using Frozen = nn::frozen_t<Chain>;

template <std::size_t I>
using Layer = std::remove_cvref_t<decltype(get<I>(std::declval<Frozen&>().layers))>;
static_assert(std::same_as<Layer<0>, nn::FrozenConv<nn::Conv2d<3, 4, 3>>> && std::same_as<Layer<1>, nn::Identity> && std::same_as<Layer<4>, nn::Identity>);
static_assert(std::same_as<Layer<6>, nn::ConvTranspose2d<8, 4, 2>> && std::same_as<Layer<7>, nn::BatchNorm2d<4>> && std::same_as<Layer<9>, nn::BatchNorm2d<4>>);
static_assert(std::same_as<Layer<12>, nn::FrozenLinear<98, 5, true>> && std::same_as<Layer<13>, nn::Identity> && std::same_as<Layer<15>, nn::FrozenLinear<5, 3>>);

// A normalisation of sequences is one along another dimension than the linear layer's.
using Features = nn::Sequential<nn::Linear<4, 6>, nn::BatchNorm1d<6>>;
static_assert(accepts<Features, Shape<5, 6, 4>> && accepts<nn::frozen_t<Features>, Shape<dyn, 4>> && !accepts<nn::frozen_t<Features>, Shape<5, 6, 4>>);
// Statistics of the batch itself are no constants.
using Batch = nn::BatchNorm1d<6, nn::BatchNormOptions{.track_running_stats = false}>;
static_assert(std::same_as<nn::frozen_t<nn::Sequential<nn::Linear<4, 6>, Batch>>, nn::Sequential<nn::FrozenLinear<4, 6>, Batch>>);
static_assert(parameter_count<nn::frozen_t<models::ResNet18<>>> == 0);
static_assert(flops<nn::frozen_t<Chain>, Shape<2, 3, 8, 8>> == flops<Chain, Shape<2, 3, 8, 8>>);

/// A module of one's own, which does not take part.
struct Own : nn::Module<Own> {
    nn::Conv2d<3, 4, 3> conv;
    nn::BatchNorm2d<4> norm;
    nn::Dropout dropout;
    auto forward(auto x) const { return x | conv | norm | dropout; }
};
static_assert(std::same_as<nn::frozen_t<Own>, Own>);

/// A module whose frozen twin loses a normalisation: the pooling in front of it cannot do its work.
template <bool Frozen>
struct Wrong : nn::Module<Wrong<Frozen>> {
    using frozen = Wrong<true>;
    nn::MaxPool2d<2> pool;
    nn::FoldedIf<Frozen, nn::BatchNorm2d<4>> norm;
    auto forward(auto x) const { return x | pool | norm; }
};

}  // namespace

TEMPLATE_TEST_CASE("freeze: a chain answers as before", "[freeze]", float, double) {
    using T = TestType;
    nn::Sequential<nn::Conv1d<3, 4, 3, nn::ConvOptions{}, T>, nn::BatchNorm1d<4, nn::BatchNormOptions{}, T>, nn::Flatten<>, nn::Linear<32, 5, true, T>> model;
    formula::fill(model);
    require_same_frozen<Shape<3, 3, 10>, T>(model, std::same_as<T, double> ? 1e-13 : 1e-5);
}

TEST_CASE("freeze: layers of all kinds", "[freeze]") {
    Chain model;
    formula::fill(model);
    get<9>(model.layers).eps = 0.25;
    get<1>(model.layers).eps = 0.5;
    require_same_frozen<Shape<2, 3, 8, 8>>(model);
    require_same_frozen<Shape<1, 3, 8, 8>>(model);
    // What is frozen is a copy.
    const auto x = formula::images<float, Shape<2, 3, 8, 8>>();
    auto frozen = nn::freeze(model);
    const auto before = values(frozen(x));
    get<0>(model.layers).weight.value().fill(0);
    REQUIRE(values(frozen(x)) == before);
    const auto copy = frozen;
    REQUIRE(values(copy(x)) == before);
}

TEMPLATE_TEST_CASE("freeze: single rows through small layers, with activations of all kinds", "[freeze]", float, double) {
    using T = TestType;
    nn::Sequential<nn::Linear<13, 64, true, T>, nn::Tanh, nn::Linear<64, 32, true, T>, nn::ReLU, nn::Linear<32, 4, true, T>, nn::GELU, nn::Linear<4, 37, false, T>,
                   nn::Sigmoid, nn::Linear<37, 3, true, T>>
        model;
    formula::fill(model);
    require_same_frozen<Shape<1, 13>, T>(model, std::same_as<T, double> ? 1e-13 : 1e-5);
    require_same_frozen<Shape<13>, T>(model, std::same_as<T, double> ? 1e-13 : 1e-5);
}

TEST_CASE("freeze: weights that are kept in another form are those that are written", "[freeze]") {
    manual_seed(3);
    Kept model, other;
    formula::fill(model);
    require_same_frozen<KeptInput>(model);
    const auto x = formula::images<float, KeptInput>();
    auto frozen = nn::freeze(model);
    auto changed = nn::freeze(other);
    const auto first = values(frozen(x)), second = values(changed(x));
    REQUIRE(first != second);
    REQUIRE(values(frozen(x)) == first);

    const StateDict state = frozen.state_dict();
    REQUIRE(state.size() == 2);
    REQUIRE(values(frozen(x)) == first);
    load_state(changed.state_dict(), state);  // taken before the last answer
    REQUIRE(values(frozen(x)) == second);
    get<0>(frozen.layers).weight.value() = get<0>(nn::freeze(model).layers).weight.value();
    get<0>(frozen.layers).bias.value() = get<0>(nn::freeze(model).layers).bias.value();
    REQUIRE(values(frozen(x)) == first);

    auto copy = frozen;
    REQUIRE(values(copy(x)) == first);
    copy = changed;
    REQUIRE(values(copy(x)) == second);
    REQUIRE(values(frozen(x)) == first);
    auto moved = std::move(copy);
    REQUIRE(values(moved(x)) == second);
    moved = nn::freeze(model);
    REQUIRE(values(moved(x)) == first);
}

TEST_CASE("freeze: threads that answer at once share what is kept", "[freeze]") {
    Kept model;
    formula::fill(model);
    const auto frozen = nn::freeze(model);
    const auto x = formula::images<float, KeptInput>();
    const auto expected = values(nn::freeze(model)(x));
    std::array<std::vector<double>, 4> answers;
    {
        std::vector<std::jthread> threads;
        for (auto& answer : answers) threads.emplace_back([&] { answer = values(frozen(x)); });
    }
    for (const auto& answer : answers) REQUIRE(answer == expected);
}

TEST_CASE("freeze: models", "[freeze]") {
    models::LeNet<> lenet;
    require_same_frozen<Shape<3, 1, 28, 28>>(lenet);
    models::ResNet<models::BasicBlock, Dims<4>{2, 2, 2, 2}, 10, 4> basic;
    formula::fill(basic);
    require_same_frozen<Shape<2, 3, 40, 40>>(basic);
    models::ResNet<models::Bottleneck, Dims<4>{2, 2, 2, 2}, 10, 4> bottleneck;
    formula::fill(bottleneck);
    require_same_frozen<Shape<2, 3, 40, 40>>(bottleneck);
}

TEST_CASE("freeze: a twin that does not fit is refused", "[freeze]") { REQUIRE_THROWS_AS(nn::freeze(Wrong<false>{}), Error); }

TEST_CASE("freeze: a module of one's own is copied, out of training", "[freeze]") {
    Own model;
    const auto frozen = nn::freeze(model);
    REQUIRE(model.norm.training);
    REQUIRE(!frozen.norm.training);
    REQUIRE(!frozen.dropout.training);
    REQUIRE(!frozen.conv.weight.requires_grad());
    model.eval();
    const auto x = formula::images<float, Shape<2, 3, 8, 8>>();
    REQUIRE(values(frozen(x)) == values(model(x)));
}
