// Whole models against PyTorch's: tests/oracle/models.py and model_training.py say what is in the fixtures.
#pragma once

#include <fstream>
#include <sstream>

#include "fixture.hpp"
#include "formula.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/optim/adam.hpp"
#include "xnn/optim/sgd.hpp"

namespace whole_models {

using namespace xnn;

inline const Fixture& fixture() {
    static const Fixture file("models.safetensors");
    return file;
}

inline const Fixture& training_fixture() {
    static const Fixture file("model_training.safetensors");
    return file;
}

/// Lets dropout keep everything.
template <class Model>
void without_dropout(Model& model) {
    nn::visit_modules(model, [](const nn::Path&, auto& module) {
        if constexpr (requires { module.p; }) module.p = 0;
    });
}

/// How far logits and running statistics may be off, relative to the largest.
template <class T>
constexpr double allowed = std::same_as<T, double> ? 1e-10 : 1e-4;

/// Requires PyTorch's logits in both modes, and what the batch normalisations remember after the one in training.
template <class T, class S, class Model>
void check_both_modes(const std::string& name, Model& model) {
    INFO(name << " in " << name_of(dtype_of<T>));
    formula::fill(model);
    without_dropout(model);
    const auto x = formula::images<T, S>();
    const NoGradGuard no_grad;
    model.eval();
    const auto evaluated = model(x);
    fixture().require_close(evaluated.value().data, evaluated.value().size(), name + "/eval", allowed<T>);
    model.train();
    const auto trained = model(x);
    fixture().require_close(trained.value().data, trained.value().size(), name + "/train", allowed<T>);
    for (const auto& buffer : model.named_buffers()) {
        if (buffer.dtype == Dtype::I64) {
            REQUIRE(*static_cast<const std::int64_t*>(buffer.data) == 1);
            continue;
        }
        double sums[2] = {0, 0};
        for (index_t i = 0; i < buffer.size(); ++i) {
            const auto number = static_cast<double>(static_cast<const T*>(buffer.data)[i]);
            sums[0] += number;
            sums[1] += number * number;
        }
        fixture().require_close(sums, 2, name + "/b/" + buffer.name, allowed<T>);
    }
}

/// Requires the losses of PyTorch's ten steps, relative to each.
template <class T, class S, class Model, class Optimizer>
void check_losses(const std::string& name, Model& model, Optimizer& optimizer, const Fixture& file = fixture()) {
    INFO(name << " in " << name_of(dtype_of<T>));
    formula::fill(model);
    without_dropout(model);
    const auto x = formula::images<T, S>();
    constexpr index_t batch = S::static_extents[0];
    Tensor<std::int64_t, Shape<batch>> labels;
    for (index_t i = 0; i < batch; ++i) labels(i) = i * 3 % 10;
    const nn::CrossEntropyLoss<> criterion;
    const auto expected = file.numbers(name);
    REQUIRE(expected.size() == 10);
    for (const double loss : expected) {
        optimizer.zero_grad();
        const auto y = criterion(model(x), labels);
        y.backward();
        optimizer.step();
        REQUIRE(static_cast<double>(y.item()) == Approx(loss).epsilon(std::same_as<T, double> ? 1e-8 : 1e-3).margin(0));
    }
}

/// The same for the training of model_training.py, by both optimisers.
template <class T, class S, class Model>
void check_training(const std::string& name, double sgd_lr, double adam_lr) {
    Model model;
    optim::SGD sgd{model, {.lr = sgd_lr, .momentum = 0.9}};
    check_losses<T, S>(name + "/SGD", model, sgd, training_fixture());
    optim::Adam adam{model, {.lr = adam_lr}};
    check_losses<T, S>(name + "/Adam", model, adam, training_fixture());
}

/// The state dict as the lines of a .keys.txt file.
template <class Model>
std::string keys_of(Model& model) {
    std::string text;
    for (const auto& entry : model.state_dict()) {
        text += entry.name;
        for (const index_t extent : entry.extents) text += " " + std::to_string(extent);
        text += "\n";
    }
    return text;
}
inline std::string stored_keys(const std::string& name) {
    std::ifstream file(std::string(XNN_FIXTURES) + "/" + name + ".keys.txt");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace whole_models
