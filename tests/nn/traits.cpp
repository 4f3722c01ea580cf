#include "xnn/nn/traits.hpp"

#include <catch2/catch.hpp>

#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/nn/sparse.hpp"

using namespace xnn;

namespace {

struct LeNet : nn::Module<LeNet> {
    nn::Conv2d<1, 20, 5> conv1;
    nn::Conv2d<20, 50, 5> conv2;
    nn::Linear<800, 500> fc1;
    nn::Linear<500, 10> fc2;

    auto forward(auto x) const {
        return x | conv1 | nn::max_pool2d<2> | nn::relu | conv2 | nn::max_pool2d<2> | nn::relu | nn::flatten | fc1 | nn::relu | fc2;
    }
};
using Mlp = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<128, 10>>;

struct Tagger : nn::Module<Tagger> {
    nn::Embedding<7, 8> table;
    std::array<nn::Linear<8, 8>, 3> layers;
    nn::BatchNorm1d<8> batch_norm;
    nn::LayerNorm<Shape<8>> layer_norm;
    nn::Sequential<nn::Dropout, nn::Linear<8, 2>, nn::PReLU<2>> head;

    auto forward(auto words) const { return words | table | layers[0] | batch_norm | layers[1] | layer_norm | layers[2] | head; }
};

static_assert(std::same_as<output_of<LeNet, Shape<dyn, 1, 28, 28>>, Shape<dyn, 10>>);
static_assert(std::same_as<output_of<LeNet, Shape<64, 1, 28, 28>>, Shape<64, 10>>);
static_assert(std::same_as<output_of<Tagger, Tensor<std::int64_t, Shape<dyn>>>, Shape<dyn, 2>>);

static_assert(accepts<LeNet, Shape<dyn, 1, 28, 28>>);
static_assert(!accepts<LeNet, Shape<dyn, 2, 28, 28>>);
static_assert(!accepts<LeNet, Shape<dyn, 1, 32, 32>>);
static_assert(!accepts<LeNet, Shape<dyn, 784>>);
static_assert(accepts<Mlp, Shape<3, 4, 784>> && accepts<Mlp, Shape<dyn>> && !accepts<Mlp, Shape<dyn, 785>>);

static_assert(parameter_count<LeNet> == 431'080);
static_assert(parameter_count<Mlp> == 784 * 128 + 128 + 128 * 10 + 10);
static_assert(parameter_count<Tagger> == 7 * 8 + 3 * 72 + 2 * 8 + 2 * 8 + 18 + 2);
static_assert(parameter_count<nn::ReLU> == 0);

}  // namespace

TEST_CASE("what a type says of parameters is what its objects hold", "[nn]") {
    Tagger tagger;
    index_t count = 0;
    for (const auto& parameter : tagger.named_parameters()) count += parameter.size();
    REQUIRE(count == parameter_count<Tagger>);
}
