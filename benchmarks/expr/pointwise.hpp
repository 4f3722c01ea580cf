// The works of the suite pointwise, as its peers see them: matrices row by row in memory, w and b one row each.
#pragma once

#include <span>

#include "bench.hpp"

struct Chain {
    long rows, columns;
    std::span<const float> x, w, b;
    std::span<float> y;
};

struct Mixture {
    long rows, columns;
    std::span<const float> x, y, z;
    std::span<float> result;
};

/// gelu(x * w + b)
bench::Call gelu_libtorch(Chain work);
bench::Call gelu_onednn(Chain work);
bench::Call gelu_eigen(Chain work);
/// The same with GELU's approximation by tanh.
bench::Call gelu_tanh_libtorch(Chain work);
bench::Call gelu_tanh_onednn(Chain work);
bench::Call gelu_tanh_eigen(Chain work);
/// The gradients of sum(gelu(x * w + b)) with respect to x, w and b.
bench::Call gelu_gradients_libtorch(Chain work);
/// relu(x + y) * z
bench::Call mix_libtorch(Mixture work);
bench::Call mix_onednn(Mixture work);
bench::Call mix_eigen(Mixture work);
