// Kernels over rows, columns and channels so large that several teams share one: what comes out is the Cpu's.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <tuple>
#include <type_traits>
#include <vector>

#include "xnn/cpu/cross_entropy.hpp"
#include "xnn/cpu/layer_norm.hpp"
#include "xnn/cuda.hpp"

using namespace xnn;

namespace {

using Gpu = std::conditional_t<xnn::cuda::has_compiler, Cuda, CudaHost>;
using Numbers = std::vector<float>;

/// Numbers in the memory of the device.
template <class T>
class Array {
public:
    explicit Array(const std::vector<T>& numbers) : size_(numbers.size()), memory_(size_ * sizeof(T)) {
        kernels::copy_bytes(Gpu{}, memory_.data(), Cpu{}, numbers.data(), size_ * sizeof(T));
    }
    T* data() const { return reinterpret_cast<T*>(memory_.data()); }
    std::vector<T> numbers() const {
        std::vector<T> result(size_);
        kernels::copy_bytes(Cpu{}, result.data(), Gpu{}, memory_.data(), size_ * sizeof(T));
        return result;
    }

private:
    std::size_t size_;
    xnn::detail::Buffer<Gpu> memory_;
};

Numbers random(index_t n, double mean = 0, unsigned seed = 1) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(static_cast<float>(mean), 1);
    Numbers result(static_cast<std::size_t>(n));
    for (float& x : result) x = normal(engine);
    return result;
}

/// What a kernel makes of arrays: f(device, pointers…) works on all of them in place, on each device.
template <class F, class... T>
void require_same(double tolerance, F&& f, std::vector<T>... arrays) {
    const std::tuple<Array<T>...> device{Array<T>(arrays)...};
    std::apply([&](const auto&... array) { f(Gpu{}, array.data()...); }, device);
    f(Cpu{}, arrays.data()...);
    const auto compare = [&](const auto& expected, const auto& got) {
        double largest = 0, worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
            if (const double error = std::abs(static_cast<double>(expected[i]) - static_cast<double>(got[i])); !(error <= worst)) worst = error;
        }
        REQUIRE(worst <= tolerance * largest);
    };
    std::apply([&](const auto&... array) { (compare(arrays, array.numbers()), ...); }, device);
}

}  // namespace

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
