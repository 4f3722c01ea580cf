// What a training step of a GPT asks of the device, and one of its blocks.
#include <xnn/models/gpt.hpp>

#include "steps.hpp"

using namespace xnn;
using namespace fake;

namespace {

/// A step of a GPT with dropout, of two sequences of eight tokens.
template <std::size_t Layers>
void require_step(std::size_t launches) {
    using Model = models::Gpt<models::GptOptions{.layers = Layers, .heads = 4, .width = 16, .context = 8, .vocabulary = 11}>;
    Model model(0.1);
    const Tensor<std::int64_t, Shape<2, 8>> tokens;
    const Tensor<std::int64_t, Shape<16>> next;
    optim::Adam optimizer{model};
    const auto scores = [&](const auto& x) { return flatten<0, 1>(model(x)); };
    const auto step = training_step(scores, optimizer, tokens, next);
    require_launches(launches, step);
    xnn::cuda::Graph graph{step};
    require_launches(1, graph);
}

}  // namespace

// docs/cuda.md counts what the least is.
TEST_CASE("a training step of a GPT", "[cuda]") {
    constexpr std::size_t rest = 22, block = 39;
    require_step<1>(rest + block);
    require_step<2>(rest + 2 * block);
}
