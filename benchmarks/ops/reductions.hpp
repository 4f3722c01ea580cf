// The works of the suite reductions, as its peers see them: matrices row by row in memory.
#pragma once

#include <cstdint>
#include <span>

#include "bench.hpp"

enum class Over { all, rows, columns };

/// The sum or mean of all elements, of each column over its rows, or of each row over its columns.
struct Reduction {
    long rows, columns;
    Over over;
    bool mean;
    std::span<const float> x;
    std::span<float> y;
};

struct Softmax {
    long rows, columns;
    bool logarithm;
    std::span<const float> x;
    std::span<float> y;
};

struct LayerNorm {
    long rows, columns;
    std::span<const float> x, weight, bias;
    std::span<float> y;
};

/// The gradients with respect to x, weight and bias of the layer's forward and backward pass, given y's.
struct LayerNormGradients {
    LayerNorm forward;
    std::span<const float> gy;
    std::span<float> gx, gweight, gbias;
};

/// The mean cross entropy of each row with a class, and its gradient.
struct CrossEntropy {
    long rows, columns;
    std::span<const float> x;
    std::span<const std::int64_t> classes;
    std::span<float> loss, gx;
};

bench::Call reduction_eigen(Reduction work);
bench::Call softmax_eigen(Softmax work);
bench::Call layer_norm_eigen(LayerNorm work);
bench::Call cross_entropy_eigen(CrossEntropy work);

bench::Call reduction_onednn(Reduction work);
bench::Call softmax_onednn(Softmax work);
bench::Call layer_norm_onednn(LayerNorm work);
bench::Call layer_norm_gradients_onednn(LayerNormGradients work);

bench::Call reduction_libtorch(Reduction work);
bench::Call softmax_libtorch(Softmax work);
bench::Call layer_norm_libtorch(LayerNorm work);
bench::Call layer_norm_gradients_libtorch(LayerNormGradients work);
bench::Call cross_entropy_libtorch(CrossEntropy work);
