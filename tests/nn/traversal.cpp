// Modules and what is in them, found by name.
#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/reduce.hpp"

using namespace xnn;

namespace {

struct Block : nn::Module<Block> {
    nn::Buffer<float, Shape<2>> seen{Tensor<float, Shape<2>>{}, false};
    nn::Buffer<float, Shape<1>> count;
    Parameter<float, Shape<2>> scale{Tensor<float, Shape<2>>{1, 1}};
    nn::Linear<2, 2> fc;
    auto forward(auto x) const { return fc(x) * scale; }
};
struct Net : nn::Module<Net> {
    nn::Sequential<nn::Linear<3, 2>, nn::ReLU> body;
    Block block;
    nn::BatchNorm1d<2> norm;
    auto forward(auto x) const { return norm(block(body(x))); }
};

template <class Named>
std::string names_of(const std::vector<Named>& all) {
    std::string names;
    for (const auto& one : all) names += "[" + one.name + "]";
    return names;
}

}  // namespace

TEST_CASE("children and modules are named as in PyTorch", "[nn]") {
    Net net;
    REQUIRE(names_of(net.named_children()) == "[body][block][norm]");
    REQUIRE(names_of(net.named_modules()) == "[][body][body.0][body.1][block][block.fc][norm]");
    REQUIRE(net.children().size() == 3);
    REQUIRE(net.modules()[6].type_name() == "BatchNorm1d");
    REQUIRE(net.modules()[0] == nn::ModuleRef(net));
    REQUIRE(net.named_children()[0].module.named_children()[1].module.type_name() == "ReLU");
}

TEST_CASE("parameters stand before buffers in a state dict, and buffers that are not persistent nowhere in it", "[nn]") {
    Net net;
    REQUIRE(names_of(net.block.state_dict()) == "[scale][count][fc.weight][fc.bias]");
    REQUIRE(names_of(net.block.named_buffers()) == "[seen][count]");
    const Block copy = net.block;
    REQUIRE(!copy.seen.persistent());
    REQUIRE(names_of(net.parameters()) == "[body.0.weight][body.0.bias][block.scale][block.fc.weight][block.fc.bias][norm.weight][norm.bias]");
}

TEST_CASE("a state dict that keeps variables says what becomes of gradients", "[nn]") {
    Block block;
    block.fc.bias.requires_grad_(false);
    const Tensor<float, Shape<1, 2>> x{1, 2};
    sum(block(x)).backward();
    const auto kept = block.state_dict("net", true), plain = block.state_dict("net");
    REQUIRE(names_of(kept) == names_of(plain));
    REQUIRE(names_of(kept) == "[net.scale][net.count][net.fc.weight][net.fc.bias]");
    REQUIRE((kept[0].requires_grad && kept[2].requires_grad && !kept[1].requires_grad && !kept[3].requires_grad));
    REQUIRE(kept[0].gradient == block.scale.grad().data());
    REQUIRE(kept[2].gradient == block.fc.weight.grad().data());
    REQUIRE((kept[1].gradient == nullptr && kept[3].gradient == nullptr));
    REQUIRE(kept[2].data == plain[2].data);
    REQUIRE((!plain[2].requires_grad && plain[2].gradient == nullptr));
}

TEST_CASE("parameters, buffers and modules are found by name", "[nn]") {
    Net net;
    const auto weight = net.get_parameter("block.fc.weight");
    REQUIRE(weight.value() == net.block.fc.weight.data());
    REQUIRE(weight.extents == std::vector<index_t>{2, 2});
    weight.requires_grad_(false);
    REQUIRE(!net.block.fc.weight.requires_grad());
    REQUIRE(net.get_buffer("norm.running_mean").data == net.norm.running_mean.data());
    REQUIRE(&net.get_submodule<nn::Linear<2, 2>>("block.fc") == &net.block.fc);
    REQUIRE(net.get_submodule("").get_if<Net>() == &net);
    const nn::ModuleRef block = net.get_submodule("block");
    REQUIRE(block.get_if<Net>() == nullptr);
    REQUIRE(names_of(block.parameters()) == "[scale][fc.weight][fc.bias]");
    REQUIRE(names_of(block.state_dict()) == "[scale][count][fc.weight][fc.bias]");

    REQUIRE_ERROR(net.get_parameter("block.fc.weihgt"), "get_parameter", "'block.fc.weight'", "'block.fc.weihgt'");
    REQUIRE_ERROR(net.get_buffer("block.fc.weight"), "get_buffer", "'norm.running_mean'");
    REQUIRE_ERROR(net.get_submodule("body.2"), "get_submodule", "'body.1'", "'body.2'");
    REQUIRE_ERROR((net.get_submodule<nn::Linear<2, 3>>("block.fc")), "Linear with these template arguments", "another Linear");
    nn::ReLU nothing;
    REQUIRE_ERROR(nothing.get_parameter("weight"), "no name", "'weight'");
}

TEST_CASE("a module without its type switches what is in it", "[nn]") {
    Net net;
    const nn::ModuleRef ref = net;
    ref.eval();
    REQUIRE(!net.norm.training);
    REQUIRE(!net.get_submodule("norm").training());
    REQUIRE(net.get_submodule("block").training());  // it does not say
    ref.train();
    REQUIRE(net.norm.training);
}

TEST_CASE("zero_grad(false) makes gradients zeros and keeps them", "[nn]") {
    Block block;
    const Tensor<float, Shape<1, 2>> x{1, 2};
    sum(block(x)).backward();
    const float* memory = block.scale.grad().data();
    block.fc.bias.zero_grad();
    block.zero_grad(false);
    REQUIRE(block.scale.has_grad());
    REQUIRE(block.scale.grad().data() == memory);
    REQUIRE(block.scale.grad()(0) == 0);
    REQUIRE(!block.fc.bias.has_grad());
    block.zero_grad();
    REQUIRE(!block.scale.has_grad());
}
