// The works of the suite tiny, as its peers see them.
#pragma once

#include <span>

#include "bench.hpp"

/// An MLP 13-64-64-4 with tanh between its layers, and what it reads. Weights are [out, in].
struct TinyMlp {
    std::span<const float> x, w1, b1, w2, b2, w3, b3;
};

bench::Call tiny_mlp_eigen(TinyMlp work, std::span<float> y);
