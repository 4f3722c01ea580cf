#include "xnn/nn/module.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "../support/errors.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/print.hpp"
#include "xnn/ops/creation.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;

namespace {

struct Block : nn::Module<Block> {
    nn::Linear<3, 3> fc;
    nn::ReLU act;
    auto forward(auto x) const { return x | fc | act; }
};
struct Net : nn::Module<Net> {
    nn::Linear<2, 3> in;
    std::array<Block, 2> blocks;
    std::vector<nn::Linear<3, 3>> more{2};
    nn::BatchNorm1d<3> norm;
    Parameter<float, Shape<3>> scale;
    nn::Sequential<nn::Named<"out", nn::Linear<3, 2>>, nn::Tanh> head;
    int plain_number = 7;

    auto forward(auto x) const { return head(norm(more[1](more[0](blocks[1](blocks[0](in(x))))))); }
};

/// Two linear layers with one weight.
struct Tied : nn::Module<Tied> {
    nn::Linear<2, 2, false> encode;
    nn::Linear<2, 2, false> decode;
    Tied& tie() {
        decode.weight.tie(encode.weight);
        return *this;
    }
    auto forward(auto x) const { return x | encode | decode; }
};

/// A member that must be given: its class has no default.
struct Cut : nn::Module<Cut> {
    nn::Linear<2, 2> fc;
    nn::Threshold cut;
};

template <class M>
std::string names_of(M& module) {
    std::string names;
    for (const auto& entry : module.state_dict()) names += entry.name + " ";
    return names;
}
bool is_tied(const Tied& model) { return model.encode.weight.storage() == model.decode.weight.storage(); }

}  // namespace

TEST_CASE("parameters and buffers are found and named as in PyTorch", "[nn]") {
    Net net;
    REQUIRE(names_of(net) ==
            "scale in.weight in.bias blocks.0.fc.weight blocks.0.fc.bias blocks.1.fc.weight blocks.1.fc.bias "
            "more.0.weight more.0.bias more.1.weight more.1.bias "
            "norm.weight norm.bias norm.running_mean norm.running_var norm.num_batches_tracked head.out.weight head.out.bias ");
    REQUIRE(net.named_buffers().size() == 3);
    REQUIRE(net.named_parameters().size() == net.state_dict().size() - 3);
    REQUIRE(net.state_dict("model")[0].name == "model.scale");
    Cut cut{{}, {}, {0.1, 20}};
    REQUIRE(names_of(cut) == "fc.weight fc.bias ");
}

TEST_CASE("modules are visited outside in, and applied inside out", "[nn]") {
    Net net;
    std::string names;
    nn::visit_modules(net, [&](const std::string& name, auto&) { names += "[" + name + "]"; });
    REQUIRE(names == "[][in][blocks.0][blocks.0.fc][blocks.0.act][blocks.1][blocks.1.fc][blocks.1.act][more.0][more.1][norm][head][head.out][head.1]");
    int count = 0;
    net.apply([&](auto&) { ++count; });
    REQUIRE(count == 14);
    net.eval();
    REQUIRE(!net.norm.training);
    net.train();
    REQUIRE(net.norm.training);
}

TEST_CASE("a state dict goes into another module, or nothing does", "[nn]") {
    Net a, b;
    const auto result = b.load_state_dict(a.state_dict());
    REQUIRE(result.missing_keys.empty());
    REQUIRE(a.blocks[1].fc.weight.data()[4] == b.blocks[1].fc.weight.data()[4]);

    Net c;
    const float before = c.in.weight.data()[0];
    auto entries = a.state_dict();
    entries[3].extents = {9};
    entries[4].name = "other";
    REQUIRE_ERROR(c.load_state_dict(entries), "blocks.0.fc.weight of float32 (9) instead of float32 (3, 3)", "missing blocks.0.fc.bias", "unexpected other");
    REQUIRE(c.in.weight.data()[0] == before);
    entries = a.state_dict();
    entries.pop_back();
    const auto partial = c.load_state_dict(entries, false);
    REQUIRE(partial.missing_keys == std::vector<std::string>{"head.out.bias"});
    REQUIRE(c.in.weight.data()[0] == a.in.weight.data()[0]);
}

TEST_CASE("copies of modules are independent and keep ties; moves keep parameters", "[nn]") {
    Tied model;
    REQUIRE(!is_tied(model));
    model.tie();
    REQUIRE(is_tied(model));
    REQUIRE(model.named_parameters().size() == 1);
    REQUIRE(model.state_dict().size() == 2);

    Tied copy = model;
    REQUIRE(is_tied(copy));
    REQUIRE(copy.encode.weight.storage() != model.encode.weight.storage());
    copy.encode.weight.data()[0] = 42;
    REQUIRE(copy.decode.weight.data()[0] == 42);
    REQUIRE(model.encode.weight.data()[0] != 42);

    const auto* storage = copy.encode.weight.storage();
    Tied moved = std::move(copy);
    REQUIRE(is_tied(moved));
    REQUIRE(moved.encode.weight.storage() == storage);

    std::vector<Tied> several(3, model);
    for (const auto& one : several) REQUIRE(is_tied(one));
    REQUIRE(several[0].encode.weight.storage() != several[1].encode.weight.storage());
    several.reserve(100);
    for (const auto& one : several) REQUIRE(is_tied(one));
    const auto list = several;
    REQUIRE(is_tied(list[2]));
    REQUIRE(list[2].encode.weight.storage() != several[2].encode.weight.storage());
}

TEST_CASE("assignment keeps the places of parameters, moves keep what refers to them, clones are copies", "[nn]") {
    using Net = nn::Sequential<nn::Linear<2, 2>, nn::BatchNorm1d<2>>;
    Net model, other;
    optim::SGD optimizer{model, {.lr = 1}};
    const float* place = model.get<0>().weight.data();
    model = other;  // values, into the parameters that the optimiser knows
    REQUIRE(model.get<0>().weight.data() == place);
    REQUIRE(place[3] == other.get<0>().weight.data()[3]);

    sum(model.get<0>()(ones<Shape<1, 2>>())).backward();
    Net clone = model.clone();
    REQUIRE_FALSE(clone.get<0>().weight.has_grad());
    clone.get<1>().running_mean.value().fill(3);
    REQUIRE(model.get<1>().running_mean.data()[0] == 0);

    Net moved = std::move(model);
    REQUIRE(moved.get<0>().weight.data() == place);
    const float before = place[0];
    optimizer.step();
    REQUIRE(moved.get<0>().weight.data()[0] == before - 1);
}

TEST_CASE("a tied parameter collects the gradients of both its uses", "[nn]") {
    Tied model;
    model.tie();
    model.encode.weight.value() = Tensor<float, Shape<2, 2>>{2, 0, 0, 3};
    const Tensor<float, Shape<1, 2>> x{1, 1};
    const auto y = model(x);
    y.backward(Tensor<float, Shape<1, 2>>{1, 1}.view());
    const auto& g = model.encode.weight.grad();  // of w0² + w3²
    REQUIRE(g(0, 0) == 4);
    REQUIRE(g(1, 1) == 6);
}

TEST_CASE("frozen sub-modules get no gradients", "[nn]") {
    Tied model;
    model.encode.requires_grad_(false);
    const Tensor<float, Shape<1, 2>> x{1, 1};
    model(x).backward(Tensor<float, Shape<1, 2>>{1, 1}.view());
    REQUIRE(!model.encode.weight.has_grad());
    REQUIRE(model.decode.weight.has_grad());
    model.zero_grad();
    REQUIRE(!model.decode.weight.has_grad());
    Tied copy = model;
    REQUIRE(!copy.encode.weight.requires_grad());
}

TEST_CASE("modules print as PyTorch's", "[nn]") {
    REQUIRE(nn::to_string(Block{}) == "Block(\n  (fc): Linear(in_features=3, out_features=3, bias=True)\n  (act): ReLU()\n)");
    const std::string text = nn::to_string(Net{});
    REQUIRE(mentions(text, "Net(\n  (in): Linear(in_features=2, out_features=3, bias=True)\n  (blocks): ModuleList(\n    (0-1): 2 x Block(\n      (fc): Linear("));
    REQUIRE(mentions(text, "(norm): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
                     "(head): Sequential(\n    (out): Linear("));
}
