#include <catch2/catch.hpp>

#include "../support/arrays.hpp"
#include "xnn/models/resnet.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/ops/reduce.hpp"

using namespace xnn;

namespace {

using Layer = nn::Linear<4, 4, true, double>;
using Chain = nn::Sequential<nn::Linear<3, 4, true, double>, nn::Repeated<3, Layer>, nn::Linear<4, 2, true, double>>;
using Spelled = nn::Sequential<nn::Linear<3, 4, true, double>, Layer, Layer, Layer, nn::Linear<4, 2, true, double>>;

static_assert(std::same_as<output_of<Chain, Tensor<double, Shape<dyn, 3>>>, Shape<dyn, 2>>);
static_assert(parameter_count<Chain> == parameter_count<Spelled>);
static_assert(!accepts<nn::Repeated<2, nn::Linear<4, 2>>, Shape<dyn, 4>>);
static_assert(accepts<nn::Repeated<1, nn::Linear<4, 2>>, Shape<dyn, 4>>);

}  // namespace

TEST_CASE("repeated layers are layers of a chain: names, values and gradients", "[nn]") {
    Chain chain;
    Spelled spelled;
    spelled.load_state_dict(chain.state_dict());
    const auto x = random_tensor<double>(Shape<2, 3>{});
    const auto a = chain(x);
    const auto b = spelled(x);
    require_close(values(a), values(b), 1e-14);
    sum(a).backward();
    sum(b).backward();
    const auto& first = get<1>(chain.layers).layers[0].weight.grad();
    require_close(values(first), values(get<1>(spelled.layers).weight.grad()), 1e-14);
    REQUIRE(chain.state_dict()[4].name == "2.weight");
}

TEST_CASE("repeated blocks that forget their shapes", "[nn]") {
    using Block = models::BasicBlock<4, 4, 1, double>;
    nn::Sequential<nn::Repeated<2, Block>> chain;
    nn::Sequential<Block, Block> spelled;
    spelled.load_state_dict(chain.state_dict());
    const auto x = random_tensor<double>(Shape<2, 4, 5, 5>{});
    const auto a = chain(x);
    const auto b = spelled(x);
    require_close(values(a), values(b), 1e-13);
    sum(a * a).backward();
    sum(b * b).backward();
    require_close(values(get<0>(chain.layers).layers[0].conv1.weight.grad()), values(get<0>(spelled.layers).conv1.weight.grad()), 1e-12);
}
