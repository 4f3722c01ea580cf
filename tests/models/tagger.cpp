#include "xnn/models/tagger.hpp"

#include "../support/fixture.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/nn/traits.hpp"

#include "xnn/optim/adam.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;

namespace {

constexpr models::TaggerOptions options{.embedding_dim = 6, .hidden_dim = 8, .num_layers = 2, .bidirectional = true};
template <class T>
using Tagger = models::LSTMTagger<12, 5, options, T>;

constexpr index_t steps = 10, batch = 4, length = 7;
using Words = Shape<batch, length>;

const Fixture& tagger_fixture() {
    static const Fixture fixture("tagger.safetensors");
    return fixture;
}

/// Ten steps from PyTorch's parameters on PyTorch's batches: the same losses, and the same parameters at the end.
template <class T, class MakeOptimizer>
void check_training(const std::string& name, MakeOptimizer&& make_optimizer) {
    INFO(name << " in " << name_of(dtype_of<T>));
    constexpr double tolerance = std::same_as<T, double> ? 1e-8 : 1e-3;
    const Fixture& fixture = tagger_fixture();
    Tagger<T> model;
    load_parameters(fixture, model, "p/");
    auto optimizer = make_optimizer(model);
    const nn::CrossEntropyLoss criterion;
    const auto words = fixture.tensor<std::int64_t, Shape<steps, batch, length>>("words");
    const auto tags = fixture.tensor<std::int64_t, Shape<steps, batch, length>>("tags");
    const auto lengths = fixture.tensor<std::int64_t, Shape<steps, batch>>("lengths");
    const auto expected = fixture.numbers(name + "/losses");
    for (index_t step = 0; step < steps; ++step) {
        const TensorView<const std::int64_t, Words> x{words.data() + step * batch * length, {}};
        const TensorView<const std::int64_t, Shape<batch * length>> t{tags.data() + step * batch * length, {}};
        const TensorView<const std::int64_t, Shape<batch>> n{lengths.data() + step * batch, {}};
        optimizer.zero_grad();
        const auto loss = criterion(model(x, n) | nn::Flatten<0, 1>{}, t);
        loss.backward();
        optimizer.step();
        const double right = expected[static_cast<std::size_t>(step)];
        INFO("step " << step << ": loss " << static_cast<double>(loss.item()) << ", expected " << right);
        REQUIRE(std::abs(static_cast<double>(loss.item()) - right) <= tolerance * right);
    }
    nn::visit_parameters(model, [&](const std::string& key, auto& parameter) {
        fixture.require_close(parameter.data(), parameter.size(), name + "/parameter/" + key, std::same_as<T, double> ? 1e-8 : 2e-2);
    });
}

}  // namespace

TEMPLATE_TEST_CASE("the tagger trains as PyTorch's does", "[models]", float, double) {
    check_training<TestType>("SGD", [](auto& model) { return optim::SGD{model, {.lr = 0.1, .momentum = 0.9}}; });
    check_training<TestType>("Adam", [](auto& model) { return optim::Adam{model, {.lr = 1e-2}}; });
}

TEMPLATE_TEST_CASE("the tagger's scores are PyTorch's", "[models]", float, double) {
    using T = TestType;
    const Fixture& fixture = tagger_fixture();
    Tagger<T> model;
    load_parameters(fixture, model, "p/");
    const auto words = fixture.tensor<std::int64_t, Shape<steps, batch, length>>("words");
    const auto lengths = fixture.tensor<std::int64_t, Shape<steps, batch>>("lengths");
    const TensorView<const std::int64_t, Words> x{words.data(), {}};
    const TensorView<const std::int64_t, Shape<batch>> n{lengths.data(), {}};
    const auto scores = model(x, n);
    fixture.require_close(scores.value().data, scores.value().size(), "logits", tolerance_of<T>);
}

TEST_CASE("the tagger's state dict has PyTorch's keys", "[models]") {
    const io::SafetensorsFile file(std::string(XNN_FIXTURES) + "/tagger.safetensors");
    Tagger<float> model;
    std::string keys;
    for (const auto& entry : model.state_dict()) keys += (keys.empty() ? "" : " ") + entry.name;
    REQUIRE(keys == file.metadata().at("keys"));
    STATIC_REQUIRE(std::same_as<output_of<Tagger<float>, Tensor<std::int64_t, Shape<dyn, dyn>>>, Shape<dyn, dyn, 5>>);
}
