// Kernels over rows, columns and channels so large that several teams share one: what comes out is the Cpu's.
#include <cstdint>
#include <optional>
#include <vector>

#include "device_arrays.hpp"
#include "xnn/cpu/cross_entropy.hpp"
#include "xnn/cpu/layer_norm.hpp"
#include "xnn/cuda.hpp"

using namespace xnn;
using namespace xnn::testing;

TEST_CASE("softmax of shared rows and columns", "[cuda]") {
    for (const Dims<3>& e : {Dims<3>{1, 20011, 1}, Dims<3>{2, 9001, 3}, Dims<3>{700, 5, 1}}) {
        const index_t outer = e[0], n = e[1], inner = e[2];
        const index_t size = outer * n * inner;
        require_same(
            2e-5, [=](auto device, float* x, float* y) { softmax_forward(device, x, y, outer, n, inner); }, random(size), random(size));
        require_same(
            2e-5, [=](auto device, float* x, float* y) { log_softmax_forward(device, x, y, outer, n, inner); }, random(size), random(size));
        require_same(
            2e-4, [=](auto device, float* y, float* g) { softmax_backward(device, y, g, g, false, outer, n, inner); }, random(size), random(size));
    }
}

TEST_CASE("layer_norm of shared rows and columns", "[cuda]") {
    for (const Dims<2>& e : {Dims<2>{2, 30011}, Dims<2>{3000, 40}, Dims<2>{900, 3}}) {
        const index_t rows = e[0], n = e[1];
        const auto forward = [=](auto device, float* x, float* weight, float* bias, float* y, float* mean, float* rstd) {
            layer_norm_forward(device, x, weight, bias, y, mean, rstd, rows, n, 1e-5);
        };
        Numbers x = random(rows * n, 1000), mean(static_cast<std::size_t>(rows)), rstd(mean);
        x[0] = 0;  // far from the others
        require_same(1e-4, forward, x, random(n), random(n), x, mean, rstd);
        const auto backward = [=](auto device, float* in, float* weight, float* gy, float* m, float* r, float* gweight, float* gbias) {
            layer_norm_backward(device, in, weight, gy, m, r, gy, false, gweight, true, gbias, false, rows, n);
        };
        require_same(1e-4, backward, random(rows * n), random(n), random(rows * n), random(rows), random(rows), random(n), random(n));
    }
}

TEST_CASE("batch_norm of shared channels", "[cuda]") {
    for (const Dims<3>& e : {Dims<3>{40, 3, 901}, Dims<3>{5000, 5, 1}, Dims<3>{2, 3, 4}}) {
        const index_t batch = e[0], channels = e[1], inner = e[2];
        const kernels::BatchNormExtents extents{batch, channels, inner};
        const auto forward = [=](auto device, float* x, float* weight, float* y, float* mean, float* rstd, float* running, float* variance,
                                 std::int64_t* batches) {
            batch_norm_forward_training(device, x, weight, static_cast<const float*>(nullptr), y, mean, rstd, running, variance, extents, 1e-5,
                                        count_batch(device, batches, std::nullopt));
        };
        const index_t size = batch * channels * inner;
        const auto some = [=](unsigned seed) { return random(channels, 3, seed); };
        require_same(1e-4, forward, random(size, 300), some(1), random(size), some(2), some(3), some(4), some(5), std::vector<std::int64_t>{2});
        const auto backward = [=](auto device, float* x, float* weight, float* gy, float* mean, float* rstd, float* gweight, float* gbias) {
            batch_norm_backward(device, x, weight, gy, mean, rstd, gy, true, gweight, false, gbias, true, extents, true);
        };
        require_same(1e-4, backward, random(size), some(1), random(size), some(2), some(3), some(4), some(5));
    }
}

TEST_CASE("cross_entropy of many rows", "[cuda]") {
    for (const Dims<3>& e : {Dims<3>{9000, 11, 1}, Dims<3>{3, 5000, 1}, Dims<3>{2, 7, 3001}}) {
        const index_t batch = e[0], classes = e[1], inner = e[2];
        const kernels::CrossEntropyExtents extents{batch, classes, inner};
        const kernels::CrossEntropyOptions options{Reduction::mean, 0.1, 3};
        std::vector<std::int64_t> targets(static_cast<std::size_t>(extents.rows()));
        for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = static_cast<std::int64_t>(i * 7 % static_cast<std::size_t>(classes));
        const auto loss = [=](auto device, float* x, std::int64_t* target, float* weight, float* y, float* saved) {
            cross_entropy_forward(device, static_cast<const float*>(x), static_cast<const std::int64_t*>(target), static_cast<const float*>(weight), y,
                                  static_cast<float*>(nullptr), extents, options);
            nll_loss_forward(device, static_cast<const float*>(x), static_cast<const std::int64_t*>(target), static_cast<const float*>(weight), y + 1,
                             saved, extents, options);
        };
        require_same(1e-5, loss, random(extents.rows() * classes), targets, random(classes, 5), Numbers{0, 0}, Numbers{0});
    }
}
