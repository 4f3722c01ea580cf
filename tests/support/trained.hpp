// What a model has become after some steps of training, to compare bit by bit.
#pragma once

#include <catch2/catch.hpp>
#include <vector>
#include <xnn/xnn.hpp>

/// All parameters of a model after three steps of Adam with so many threads, as bytes; backward(model, step) computes a
/// step's gradients.
template <class Model, class Backward>
std::vector<unsigned char> trained(int threads, Backward&& backward) {
    const int threads_before = xnn::get_num_threads();
    xnn::set_num_threads(threads);
    xnn::manual_seed(3);
    Model model;
    xnn::optim::Adam optimizer{model, {.lr = 1e-3}};
    for (int step = 0; step < 3; ++step) {
        optimizer.zero_grad();
        backward(model, step);
        optimizer.step();
    }
    xnn::set_num_threads(threads_before);
    std::vector<unsigned char> bytes;
    for (const auto& entry : model.state_dict()) {
        const auto* data = static_cast<const unsigned char*>(entry.data);
        bytes.insert(bytes.end(), data, data + entry.bytes());
    }
    return bytes;
}

/// Requires the same bits from run to run and for 1, 2 and 4 threads.
template <class Model, class Backward>
void require_same_bits(Backward&& backward) {
    const auto once = trained<Model>(1, backward);
    REQUIRE_FALSE(once.empty());
    REQUIRE(trained<Model>(1, backward) == once);
    REQUIRE(trained<Model>(2, backward) == once);
    REQUIRE(trained<Model>(4, backward) == once);
}
