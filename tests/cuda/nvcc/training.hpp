// A training step on a GPU, to be compiled and linked.
#pragma once

#define XNN_DEFAULT_DEVICE Cuda
#include <xnn/cuda.hpp>
#include <xnn/xnn.hpp>

/// A step of Adam, and an answer, of a model whose last dimension are scores of classes.
template <class Model, class Input, xnn::index_t Rows>
void train_and_answer() {
    Model model;
    const Input input;
    const xnn::Tensor<std::int64_t, xnn::Shape<Rows>> labels;
    xnn::optim::Adam optimizer{model, {.lr = 1e-3}};
    optimizer.zero_grad();
    const auto scores = xnn::reshape<Rows, xnn::output_of<Model, Input>::static_size / Rows>(model(input));
    const auto loss = xnn::nn::CrossEntropyLoss<>{}(scores, labels);
    loss.backward();
    optimizer.step();
    model.eval();
    model(xnn::inference(input)).value();
}
