// Five training steps, as PyTorch takes them.
#include <catch2/catch.hpp>

#include "../support/fixture.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/optim/adamw.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;

namespace {

template <class T>
using Mlp = nn::Sequential<nn::Linear<12, 8, true, T>, nn::ReLU, nn::Linear<8, 3, true, T>>;

template <class T>
struct LeNet : nn::Module<LeNet<T>> {
    nn::Conv2d<1, 4, 3, nn::ConvOptions{}, T> conv1;
    nn::Conv2d<4, 6, 3, nn::ConvOptions{}, T> conv2;
    nn::Linear<24, 16, true, T> fc1;
    nn::Linear<16, 5, true, T> fc2;

    constexpr auto forward(auto x) const {
        return x | conv1 | nn::max_pool2d<2> | nn::relu | conv2 | nn::max_pool2d<2> | nn::relu | nn::flatten | fc1 | nn::relu | fc2;
    }
};

const Fixture& training_fixture() {
    static const Fixture fixture("training.safetensors");
    return fixture;
}

constexpr std::size_t steps = 5;

/// Trains the model from the case's parameters on its batches; compares losses, last gradients and last parameters.
template <class T, AnyShape Batch, class Model, class MakeOptimizer>
void check_training(const std::string& model_name, const std::string& optimizer_name, MakeOptimizer&& make_optimizer, double parameter_tolerance) {
    const std::string name = model_name + " " + optimizer_name;
    INFO(name << " in " << name_of(dtype_of<T>));
    const Fixture& fixture = training_fixture();
    Model model;
    load_parameters(fixture, model, model_name + "/p/");
    auto optimizer = make_optimizer(model);
    nn::CrossEntropyLoss criterion;

    const auto x = fixture.numbers(model_name + "/x"), t = fixture.numbers(model_name + "/t");
    Tensor<T, Batch> images;
    Tensor<std::int64_t, Shape<Batch::static_extents[0]>> labels;
    std::vector<T> losses;
    for (std::size_t step = 0; step < steps; ++step) {
        for (index_t i = 0; i < images.size(); ++i) images.data()[i] = static_cast<T>(x[step * static_cast<std::size_t>(images.size()) + static_cast<std::size_t>(i)]);
        for (index_t i = 0; i < labels.size(); ++i) labels(i) = static_cast<std::int64_t>(t[step * static_cast<std::size_t>(labels.size()) + static_cast<std::size_t>(i)]);
        optimizer.zero_grad();
        const auto loss = criterion(model(images), labels);
        loss.backward();
        losses.push_back(loss.item());
        optimizer.step();
    }
    fixture.require_close(losses.data(), steps, name + "/losses", tolerance_of<T>);
    nn::visit_parameters(model, [&](const std::string& key, auto& parameter) {
        fixture.require_close(parameter.grad().data(), parameter.size(), name + "/gradient/" + key, tolerance_of<T>);
        fixture.require_close(parameter.data(), parameter.size(), name + "/parameter/" + key, parameter_tolerance);
    });
}
template <class T, class MakeOptimizer>
void check_mlp(const std::string& optimizer, MakeOptimizer&& make, double parameter_tolerance = tolerance_of<T>) {
    check_training<T, Shape<6, 12>, Mlp<T>>("mlp", optimizer, make, parameter_tolerance);
}
template <class T, class MakeOptimizer>
void check_lenet(const std::string& optimizer, MakeOptimizer&& make, double parameter_tolerance = tolerance_of<T>) {
    check_training<T, Shape<4, 1, 14, 14>, LeNet<T>>("lenet", optimizer, make, parameter_tolerance);
}

const auto sgd = [](auto& model) { return optim::SGD{model, {.lr = 0.1, .momentum = 0.9}}; };
const auto adam = [](auto& model) { return optim::Adam{model, {.lr = 1e-2}}; };

}  // namespace

TEMPLATE_TEST_CASE("an MLP and a LeNet train as PyTorch's do", "[optim]", float, double) {
    using T = TestType;
    // Adam's first steps are the signs of gradients: where one is zero but for rounding, parameters in float may go two ways.
    const double adams_tolerance = std::same_as<T, double> ? 1e-10 : 1e-3;
    check_mlp<T>("SGD", sgd);
    check_mlp<T>("Adam", adam, adams_tolerance);
    check_lenet<T>("SGD", sgd);
    check_lenet<T>("Adam", adam, adams_tolerance);
}

TEST_CASE("optimisers' options are PyTorch's", "[optim]") {
    check_mlp<double>("SGD nesterov", [](auto& model) {
        return optim::SGD{model, {.lr = 0.05, .momentum = 0.8, .weight_decay = 0.01, .nesterov = true}};
    });
    check_mlp<double>("SGD maximize", [](auto& model) {
        return optim::SGD{model, {.lr = 0.01, .momentum = 0.5, .dampening = 0.3, .maximize = true}};
    });
    check_mlp<double>("Adam amsgrad", [](auto& model) {
        return optim::Adam{model, {.lr = 1e-2, .betas = {0.8, 0.9}, .eps = 1e-6, .weight_decay = 0.1, .amsgrad = true}};
    });
    check_mlp<double>("AdamW", [](auto& model) { return optim::AdamW{model, {.lr = 1e-2}}; });
    check_mlp<double>("AdamW maximize", [](auto& model) {
        return optim::AdamW{model, {.lr = 1e-3, .weight_decay = 0.5, .amsgrad = true, .maximize = true}};
    });
}
