// The works of the suite infer, as its peers see them: answers to one batch, with given weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench.hpp"
#include "weights.hpp"

enum class Network { mlp, lenet, resnet18, gpt, tagger, autoencoder, ds_cnn, mobilenet, resnet8 };

struct Inference {
    Network network;
    std::vector<Weight> weights;  // in the order of the layers, batch normalisations folded; linear layers' are transposed
    std::vector<std::int64_t> extents;      // of the input, which is
    std::span<const float> numbers;         // either numbers
    std::span<const std::int64_t> tokens;   // or tokens
};

bench::CallWithResults infer_libtorch(Inference work, bool channels_last);
