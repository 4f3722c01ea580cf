// Containers that a forward uses as it likes.
#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/module_dict.hpp"
#include "xnn/nn/module_list.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/parameter_list.hpp"
#include "xnn/nn/print.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/random.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;

namespace {

template <class M>
std::string names_of(M& module) {
    std::string names;
    for (const auto& entry : module.state_dict()) names += entry.name + " ";
    return names;
}

using Layer = nn::Linear<2, 2>;

/// Doubles what it gets, whatever its input does not say.
Layer times(float factor) {
    Layer layer;
    layer.weight.value() = Tensor<float, Shape<2, 2>>{factor, 0, 0, factor};
    layer.bias.value().fill(0);
    return layer;
}

struct Deep : nn::Module<Deep> {
    nn::Linear<3, 2> first;
    nn::ModuleList<Layer> blocks;
    nn::ModuleList<Layer, nn::ReLU> tail;
    auto forward(auto x) const {
        auto h = first(x);
        auto deep = nn::through_blocks(blocks, h, [](const Layer& layer, std::size_t, auto v) { return layer(v); });
        return tail.template get<1>()(tail.template get<0>()(deep));
    }
};
struct Choosing : nn::Module<Choosing> {
    nn::ModuleDict<nn::Named<"double", Layer>, nn::Named<"cut", nn::ReLU>> choices;
    nn::ModuleDict<Layer> heads;
    nn::ParameterList<Parameter<float, Shape<2>>> scales{2};
    nn::ParameterDict<Parameter<float, Shape<2>>> shifts;
    std::vector<Parameter<float, Shape<1>>> plain{1};
    auto forward(auto x) const {
        auto y = choices.template get<"cut">()(choices.template get<"double">()(x));
        return heads["b"](y) * scales[-1] + shifts["up"];
    }
};

}  // namespace

TEST_CASE("a ModuleList of one type is as long as the program says", "[nn]") {
    Deep model;
    model.blocks.append(times(2)).append(times(3));
    REQUIRE(names_of(model) ==
            "first.weight first.bias blocks.0.weight blocks.0.bias blocks.1.weight blocks.1.bias tail.0.weight tail.0.bias ");
    model.tail.get<0>() = times(1);
    model.first.weight.value() = Tensor<float, Shape<2, 3>>{1, 0, 0, 0, 1, 0};
    model.first.bias.value().fill(0);
    const Tensor<float, Shape<1, 3>> x{1, -1, 5};
    const Tensor<float, Shape<1, 2>> y = model(x);
    REQUIRE(y(0, 0) == 6);
    REQUIRE(y(0, 1) == 0);
    static_assert(std::same_as<output_of<Deep, Shape<7, 3>>, Shape<7, 2>>);

    sum(model(x)).backward();
    REQUIRE(model.blocks[0].weight.grad()(0, 0) == 3);
    REQUIRE(model.blocks[1].weight.grad()(0, 0) == 2);

    model.blocks.insert(0, times(5)).extend(model.blocks);
    REQUIRE(model.blocks.size() == 6);
    REQUIRE(model.blocks[-1].weight.data()[0] == 3);
    REQUIRE(model.blocks[3].weight.storage() != model.blocks[0].weight.storage());
    REQUIRE(model.blocks.pop(0).weight.data()[0] == 5);
    REQUIRE(model.blocks.pop().weight.data()[0] == 3);
    int count = 0;
    for (const auto& layer : model.blocks) count += static_cast<int>(layer.weight.data()[0]);
    REQUIRE(count == 2 + 3 + 5 + 2);
    REQUIRE_ERROR(model.blocks[4], "ModuleList", "a list of 4", "4");
    REQUIRE_ERROR(model.blocks.insert(9, times(1)), "ModuleList", "a list of 4", "9");
    REQUIRE_ERROR(Deep{}(x), "at least one module");
}

TEST_CASE("dictionaries of modules and parameters name their entries", "[nn]") {
    Choosing model;
    model.heads.set("a", times(7)).set("b", times(2));
    model.shifts.set("up", Parameter<float, Shape<2>>(Tensor<float, Shape<2>>{1, 1}));
    model.scales[0].value().fill(9);
    model.scales[1].value().fill(10);
    model.choices.get<"double">() = times(2);
    REQUIRE(names_of(model) ==
            "plain.0 choices.double.weight choices.double.bias heads.a.weight heads.a.bias heads.b.weight heads.b.bias "
            "scales.0 scales.1 shifts.up ");
    const Tensor<float, Shape<1, 2>> x{1, -1};
    const Tensor<float, Shape<1, 2>> y = model(x);
    REQUIRE(y(0, 0) == 41);
    REQUIRE(y(0, 1) == 1);

    optim::SGD optimizer{model, {.lr = 1}};
    sum(model(x)).backward();
    optimizer.step();
    REQUIRE(model.shifts["up"].data()[0] == 0);
    REQUIRE(model.scales[1].data()[0] == 6);

    model.scales.extend(model.scales).pop(0);
    REQUIRE(model.scales.size() == 3);
    REQUIRE(model.scales[-1].storage() != model.scales[0].storage());
    REQUIRE_ERROR(model.scales[-4], "ParameterList", "a list of 3", "-4");

    REQUIRE(model.heads.keys() == std::vector<std::string>{"a", "b"});
    REQUIRE(model.heads.pop("a").weight.data()[0] == 7);
    REQUIRE(!model.heads.contains("a"));
    REQUIRE(model.heads.size() == 1);
    model.heads.set("b", times(4));
    REQUIRE(model.heads["b"].weight.data()[0] == 4);
    REQUIRE_ERROR(model.heads["c"], "ModuleDict", "one of 'b'", "'c'");
    REQUIRE_ERROR(std::as_const(model.shifts)["down"], "ParameterDict", "one of 'up'", "'down'");
    REQUIRE_ERROR(model.heads.set("x.y", times(1)), "ModuleDict", "'x.y'");
    REQUIRE_ERROR(model.heads.set("", times(1)), "not empty");
    REQUIRE_ERROR(model.heads.pop("c"), "'c'");
}

TEST_CASE("layers of a Sequential are found by place and by name", "[nn]") {
    nn::Sequential<nn::Named<"fc", Layer>, nn::ReLU> model;
    REQUIRE(&model.get<0>() == &model.get<"fc">());
    REQUIRE(&model.get<"1">() == &get<1>(model.layers));
}

TEST_CASE("a slice of a Sequential is the layers themselves", "[nn]") {
    manual_seed(4);
    nn::Sequential<nn::Linear<3, 4>, nn::Named<"norm", nn::BatchNorm1d<4>>, nn::ReLU, nn::Repeated<2, nn::Linear<4, 4>>, nn::Linear<4, 2>> model;
    auto middle = model.slice<1, 4>();
    static_assert(std::same_as<output_of<decltype(middle), Shape<dyn, 4>>, Shape<dyn, 4>>);
    REQUIRE(names_of(middle) == "norm.weight norm.bias norm.running_mean norm.running_var norm.num_batches_tracked 3.weight 3.bias 4.weight 4.bias ");
    REQUIRE(middle.get<0>().weight.storage() == model.get<1>().weight.storage());
    middle.eval();
    REQUIRE_FALSE(model.get<1>().training);

    const auto x = randn<Shape<5, 3>>();
    const Tensor<float, Shape<5, 2>> whole = model(x);
    const Tensor<float, Shape<5, 2>> parts = model.slice<-1>()(middle(model.slice<0, 1>()(x)));
    REQUIRE(std::equal(whole.begin(), whole.end(), parts.begin()));
    sum(middle(randn<Shape<5, 4>>())).backward();
    REQUIRE(model.get<3>().layers[1].weight.has_grad());
    REQUIRE_FALSE(model.get<4>().weight.has_grad());
    REQUIRE(model.slice<0, -1>().size == 4);
    REQUIRE(model.slice<3, 1>().state_dict().empty());
}
