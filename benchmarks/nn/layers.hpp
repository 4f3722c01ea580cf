// The works of the suite layers, as its peers see them: one layer in training, with given weights, on one input.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench.hpp"
#include "weights.hpp"

enum class Layer {
    linear, conv, batch_norm, layer_norm, group_norm, max_pool, avg_pool, embedding, attention, lstm, gru, dropout, relu, gelu, silu, tanh, sigmoid, softmax
};
constexpr int groups = 8, heads = 4;

struct LayerWork {
    Layer layer;
    std::vector<Weight> weights;
    std::vector<std::int64_t> extents;
    std::span<const float> numbers;         // the input: either numbers
    std::span<const std::int64_t> indices;  // or, of an embedding, indices
    std::span<const float> gy;              // the result's gradient
};

/// The result; nothing of a dropout, whose result nobody knows beforehand.
bench::CallWithResults layer_libtorch(LayerWork work);
/// After a forward and a backward pass the gradients of the input, if it is numbers, and of the first weights.
bench::CallWithResults layer_gradients_libtorch(LayerWork work);
