#include "xnn/optim/optimizer.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "xnn/core/load_state.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/optim/adamw.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;

namespace {

struct Net : nn::Module<Net> {
    nn::Linear<2, 2, false> body;
    nn::Linear<2, 1, false, double> head;
};

/// Gives a parameter the gradient 1 everywhere.
template <class P>
void set_gradient(P& parameter) {
    auto& data = *parameter.storage();
    data.gradient() = Tensor<typename P::value_type, typename P::shape_type>{}.fill(1);
    data.has_gradient = true;
}

}  // namespace

TEST_CASE("groups of parameters have options of their own or the optimiser's", "[optim]") {
    Net net;
    nn::init::zeros_(net.body.weight);
    nn::init::zeros_(net.head.weight);
    optim::SGD optimizer{{{net.body}, {net.head, {.lr = 0.5}}}, {.lr = 0.25}};
    set_gradient(net.body.weight);
    set_gradient(net.head.weight);
    optimizer.step();
    REQUIRE(net.body.weight.data()[0] == -0.25F);
    REQUIRE(net.head.weight.data()[0] == -0.5);
    optimizer.param_groups()[0].options.lr = 1;
    optimizer.step();
    REQUIRE(net.body.weight.data()[0] == -1.25F);
    REQUIRE(net.head.weight.data()[0] == -1.0);
}

TEST_CASE("a group can be chosen parameter by parameter", "[optim]") {
    nn::Sequential<nn::Linear<2, 2>, nn::Linear<2, 2>> model;
    optim::AdamW::Group decay{optim::AdamWOptions{.weight_decay = 0.1}}, plain{optim::AdamWOptions{.weight_decay = 0}};
    nn::visit_parameters(model, [&](const std::string& name, auto& parameter) {
        (name.ends_with("bias") ? plain : decay).add(parameter, name);
    });
    optim::AdamW optimizer{{decay, plain}};
    REQUIRE(optimizer.param_groups()[0].size() == 2);
    REQUIRE(optimizer.param_groups()[1].size() == 2);
}

TEST_CASE("parameters without a gradient stay as they are", "[optim]") {
    Net net;
    net.body.requires_grad_(false);
    const auto before = net.body.weight.value();
    optim::Adam optimizer{net, {.lr = 0.1, .weight_decay = 1}};
    set_gradient(net.head.weight);
    const double head = net.head.weight.data()[0];
    optimizer.step();
    REQUIRE(std::equal(before.begin(), before.end(), net.body.weight.data()));
    REQUIRE(net.head.weight.data()[0] != head);
    optimizer.zero_grad();
    REQUIRE(!net.head.weight.has_grad());
}

TEST_CASE("tied parameters are updated once", "[optim]") {
    nn::Sequential<nn::Linear<2, 2, false>, nn::Linear<2, 2, false>> model;
    get<1>(model.layers).weight.tie(get<0>(model.layers).weight);
    nn::init::zeros_(get<0>(model.layers).weight);
    optim::SGD optimizer{model, {.lr = 1}};
    REQUIRE(optimizer.param_groups()[0].size() == 1);
    set_gradient(get<0>(model.layers).weight);
    optimizer.step();
    REQUIRE(get<1>(model.layers).weight.data()[0] == -1);
}

TEST_CASE("an optimiser's state goes into another one", "[optim]") {
    Net net;
    optim::SGD first{net, {.lr = 0.1, .momentum = 0.9}};
    set_gradient(net.body.weight);
    first.step();
    first.step();
    Net copy = net;
    optim::SGD second{copy, {.lr = 0.5, .momentum = 0.9}};
    second.load_state_dict(first.state_dict());
    REQUIRE(second.param_groups()[0].options.lr == 0.1);
    set_gradient(copy.body.weight);
    first.step();
    second.step();
    REQUIRE(net.body.weight.data()[3] == copy.body.weight.data()[3]);

    std::string names;
    for (const auto& entry : optim::Adam{net}.state_dict()) names += entry.name + " ";
    REQUIRE(names ==
            "state.0.step state.0.exp_avg state.0.exp_avg_sq state.1.step state.1.exp_avg state.1.exp_avg_sq "
            "param_groups.0.lr param_groups.0.betas param_groups.0.eps param_groups.0.weight_decay param_groups.0.amsgrad "
            "param_groups.0.maximize param_groups.0.initial_lr param_groups.0.params ");
    optim::SGD other{net};
    REQUIRE_ERROR(other.load_state_dict(first.state_dict()), "load_state_dict", "unexpected state.0.step");
}

TEST_CASE("options and groups that make no sense are refused", "[optim]") {
    Net net;
    nn::Identity nothing;
    REQUIRE_ERROR((optim::SGD{net, {.lr = -1}}), "SGD", "lr", "-1");
    REQUIRE_ERROR((optim::SGD{net, {.momentum = -0.5}}), "SGD", "momentum");
    REQUIRE_ERROR((optim::SGD{net, {.weight_decay = -0.5}}), "SGD", "weight_decay");
    REQUIRE_ERROR((optim::SGD{net, {.nesterov = true}}), "SGD", "nesterov");
    REQUIRE_ERROR((optim::Adam{net, {.betas = {1, 0.9}}}), "Adam", "betas in [0, 1)");
    REQUIRE_ERROR((optim::Adam{net, {.betas = {0.9, -0.1}}}), "Adam", "betas in [0, 1)");
    REQUIRE_ERROR((optim::AdamW{net, {.eps = -1}}), "AdamW", "eps");
    REQUIRE_ERROR((optim::Adam{nothing}), "Adam", "parameters");
    REQUIRE_ERROR((optim::SGD{{{net.body}, {net}}}), "SGD", "body", "more than one");
    optim::SGD optimizer{net.body};
    REQUIRE_ERROR(optimizer.add_param_group({net}), "SGD", "more than one");
    REQUIRE(optimizer.param_groups().size() == 1);
    optimizer.add_param_group({net.head, {.lr = 3}});
    REQUIRE(optimizer.param_groups().size() == 2);
}
