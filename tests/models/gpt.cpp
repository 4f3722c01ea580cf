#include "xnn/models/gpt.hpp"

#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/step_memory.hpp"
#include "xnn/nn/cost.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/optim/adamw.hpp"

using namespace xnn;

namespace {

constexpr models::GptOptions small{.layers = 2, .heads = 2, .width = 16, .context = 12, .vocabulary = 10};
constexpr models::GptOptions tied{.layers = 1, .heads = 2, .width = 16, .context = 12, .vocabulary = 10, .tie_weights = true};
using Gpt = models::Gpt<small>;
using Tokens = Tensor<std::int64_t, Shape<dyn, dyn>>;

static_assert(std::same_as<output_of<Gpt, Tensor<std::int64_t, Shape<dyn, 12>>>, Shape<dyn, 12, 10>>);
static_assert(std::same_as<output_of<Gpt, Tensor<std::int64_t, Shape<dyn, dyn>>>, Shape<dyn, dyn, 10>>);
static_assert(!accepts<Gpt, Tensor<std::int64_t, Shape<dyn, 13>>>);
static_assert(parameter_count<Gpt> == 10 * 16 + 12 * 16 + 2 * (4 * 16 * 16 + 4 * 16 + 8 * 16 * 16 + 5 * 16 + 4 * 16) + 2 * 16 + 10 * 16);

Tokens tokens(index_t batch, index_t length, std::int64_t step = 3) {
    Tokens result(Shape<dyn, dyn>(batch, length));
    for (index_t i = 0; i < result.size(); ++i) result.data()[i] = (i * step + i / length) % 10;
    return result;
}

/// The losses of some steps, and the number of threads must not matter.
std::vector<double> train(int steps) {
    manual_seed(2);
    Gpt model(0.1);
    optim::AdamW optimizer{model, {.lr = 3e-3}};
    std::vector<double> losses;
    for (int i = 0; i < steps; ++i) {
        const auto x = tokens(4, 12);
        const auto t = tokens(4, 12, 3);
        optimizer.zero_grad();
        const auto loss = nn::CrossEntropyLoss<>{}(flatten<0, 1>(model(x)), flatten<0, 1>(t));
        loss.backward();
        optimizer.step();
        losses.push_back(static_cast<double>(loss.item()));
    }
    return losses;
}

}  // namespace

TEST_CASE("a GPT's logits depend on the tokens up to theirs only", "[models]") {
    Gpt model;
    auto x = tokens(2, 8);
    const auto before = values(model(x));
    x(0, 5) = (x(0, 5) + 1) % 10;
    const auto after = values(model(x));
    for (std::size_t i = 0; i < before.size(); ++i) {
        const bool may_differ = i / 80 == 0 && i % 80 / 10 >= 5;
        if (!may_differ) REQUIRE(before[i] == after[i]);
    }
    REQUIRE(before != after);
}

TEST_CASE("a GPT learns, the same for any number of threads", "[models]") {
    const auto losses = train(30);
    REQUIRE(losses.front() == Approx(std::log(10.0)).margin(0.3));
    REQUIRE(losses.back() < losses.front() / 2);
    require_same_for_any_threads([] { return train(3); });
}

TEST_CASE("a cache gives the logits of the whole sequence", "[models]") {
    Gpt model;
    const auto x = tokens(2, 9);
    const auto whole = values(model(x));
    Gpt::Cache<12, 2> cache;
    // In pieces of 4, 1, 1 and 3 positions.
    for (const auto& [first, count] : {std::pair<index_t, index_t>{0, 4}, {4, 1}, {5, 1}, {6, 3}}) {
        Tokens piece(Shape<dyn, dyn>(2, count));
        for (index_t b = 0; b < 2; ++b)
            for (index_t i = 0; i < count; ++i) piece(b, i) = x(b, first + i);
        const auto logits = model.next_logits(piece, cache);
        REQUIRE(cache.length() == first + count);
        for (index_t b = 0; b < 2; ++b)
            for (index_t v = 0; v < 10; ++v)
                REQUIRE(static_cast<double>(logits(b, v)) == Approx(whole[static_cast<std::size_t>((b * 9 + first + count - 1) * 10 + v)]).margin(1e-6));
    }
    cache.clear();
    REQUIRE(cache.length() == 0);
}

TEST_CASE("a sequence longer than the cache or the context is refused, and the cache stays", "[models]") {
    Gpt model;
    Gpt::Cache<5> cache;
    const auto three = tokens(1, 3);
    const auto first = values(model.next_logits(three, cache));
    REQUIRE_ERROR(model.next_logits(three, cache), "KeyValueCache", "at most 5 positions", "3 and 3 more");
    REQUIRE(cache.length() == 3);
    Tokens bad(Shape<dyn, dyn>(1, 1));
    bad(0, 0) = 10;
    REQUIRE_ERROR(model.next_logits(bad, cache), "embedding", "[0, 10)", "10");
    REQUIRE(cache.length() == 3);
    cache.clear();
    REQUIRE(values(model.next_logits(three, cache)) == first);

    REQUIRE_ERROR(model(tokens(1, 13)), "Gpt", "at most 12 tokens", "13");
    Gpt::Cache<20> roomy;
    model.next_logits(tokens(1, 10), roomy);
    REQUIRE_ERROR(model.next_logits(three, roomy), "Gpt", "at most 12 tokens", "13");
    REQUIRE(roomy.length() == 10);
    REQUIRE_ERROR(model.next_logits(tokens(1, 0), roomy), "at least one token");
}

#ifndef XNN_DEFAULT_DEVICE  // costs are those of the kernels of the Cpu
TEST_CASE("a GPT's cost is a constant: what a step takes forward, and the most back", "[models]") {
    constexpr index_t positions = 3 * 12, scores = 3 * 2 * 12 * 12;
    constexpr index_t block = 2 * positions * 16 * (48 + 16 + 64 + 64) + 2 * scores * (8 + 8);
    static_assert(flops<Gpt, Shape<3, 12>, std::int64_t> == 2 * block + 2 * positions * 16 * 10);

    const Gpt model;
    const Tensor<std::int64_t, Shape<3, 12>> x;  // all zeros
    const Cost taken = step_memory<Shape<3, 12, 10>>([&] { return model(x); }), counted = cost_of<Shape<3, 12>, std::int64_t>(model);
    CHECK(counted.forward_bytes + counted.backward_bytes == workspace_bytes<Gpt, Shape<3, 12>, std::int64_t>);
    CHECK(taken.forward_bytes == counted.forward_bytes);
    CHECK(taken.backward_bytes <= counted.backward_bytes);
}
#endif

TEST_CASE("a GPT's weights may be tied, and stay tied in a copy", "[models]") {
    models::Gpt<tied> model;
    REQUIRE(model.head.weight.storage() == model.token_embedding.weight.storage());
    models::Gpt<tied> copy(model);
    REQUIRE(copy.head.weight.storage() == copy.token_embedding.weight.storage());
    REQUIRE(copy.head.weight.storage() != model.head.weight.storage());
    REQUIRE(model.state_dict().size() == 2 + 12 + 2 + 1);
    REQUIRE(model.named_parameters().size() == 2 + 12 + 2);
    REQUIRE(model.state_dict().back().name == "head.weight");
}
