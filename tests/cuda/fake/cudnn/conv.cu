// What is handed to cuDNN, judged by naive sums: dimensions, groups, padding, types, biases, what is added to; and what goes to our own
// kernels instead.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>
#include <xnn/cuda/conv.hpp>

#include "../array.hpp"
#include "../runtime.hpp"
#include "dnn.hpp"

using namespace xnn;
using namespace xnn::cuda::conv;
using Catch::Contains;
using fake::DeviceArray;
using Launches = std::vector<std::string>;

namespace {

const std::vector<ConvGeometry>& geometries() {
    static const std::vector<ConvGeometry> all{
        {2, 3, 5, 1, {1, 6, 7}, {1, 3, 2}},
        {2, 4, 6, 1, {1, 1, 11}, {1, 1, 4}, {1, 1, 3}, {1, 1, 2}, {0, 0, 2}, {0, 0, 2}},  // over one dimension
        {2, 4, 6, 2, {1, 7, 6}, {1, 3, 3}, {1, 2, 1}, {1, 1, 2}, {0, 1, 2}, {0, 1, 2}},  // in groups
        {2, 4, 4, 4, {1, 5, 5}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},  // each channel alone
        {1, 3, 2, 1, {1, 4, 4}, {1, 1, 1}},  // a product
        {2, 2, 3, 1, {4, 5, 3}, {2, 3, 2}, {2, 1, 1}, {1, 2, 1}, {1, 2, 0}, {1, 2, 0}},  // over three dimensions
        {1, 2, 3, 1, {1, 3, 3}, {3, 2, 2}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}, {1, 0, 0}},  // deeper than its input
        {2, 3, 2, 1, {1, 6, 6}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 0, 0}},  // as transposed with output padding
    };
    return all;
}

/// Calls f(element of x, of w, of y) for each product of a convolution.
template <class F>
void for_each_product(const ConvGeometry& g, const F& f) {
    const auto output = g.output();
    const index_t in = g.in_channels_of_group(), out = g.out_channels_of_group(), kernel_size = g.kernel_size();
    for (index_t b = 0; b < g.batch; ++b)
        for (index_t o = 0; o < g.out_channels; ++o)
            for (index_t p = 0; p < g.output_size(); ++p)
                for (index_t k = 0; k < in * kernel_size; ++k) {
                    index_t place = p, element = k % kernel_size, source = 0, pitch = 1;
                    bool inside = true;
                    for (std::size_t d = 3; d-- > 0;) {
                        const index_t i = place % output[d] * g.stride[d] + element % g.kernel[d] * g.dilation[d] - g.pad_before[d];
                        inside = inside && i >= 0 && i < g.input[d];
                        source += i * pitch;
                        pitch *= g.input[d];
                        place /= output[d];
                        element /= g.kernel[d];
                    }
                    const index_t channel = o / out * in + k / kernel_size;
                    if (inside)
                        f((b * g.in_channels + channel) * g.input_size() + source, o * in * kernel_size + k, (b * g.out_channels + o) * g.output_size() + p);
                }
}

template <class T>
double product_of(T a, T b) { return static_cast<double>(a) * static_cast<double>(b); }

template <class T>
struct Operands {
    explicit Operands(const ConvGeometry& g)
        : sizes{g.batch * g.in_channels * g.input_size(), g.out_channels * g.weights_per_output(), g.batch * g.out_channels * g.output_size()},
          x(sizes[0]), w(sizes[1]), y(sizes[2]), bias(std::max(g.in_channels, g.out_channels)) {}
    std::array<index_t, 3> sizes;
    DeviceArray<T> x, w, y, bias;
};

/// Requires that call() makes of `result` what sums has, a term for each product, and launches so.
template <class T, class Term, class Call>
void require_sums(const Launches& launches, DeviceArray<T>& result, index_t size, bool accumulate, const Term& terms, const Call& call) {
    std::vector<double> expected(static_cast<std::size_t>(size));
    for (index_t i = 0; i < size; ++i) expected[static_cast<std::size_t>(i)] = accumulate ? static_cast<double>(result[i]) : 0;
    terms(expected);
    fake::reset();
    REQUIRE(call());
    REQUIRE(fake::work().launches.size() == launches.size());
    for (std::size_t i = 0; i < launches.size(); ++i) REQUIRE_THAT(fake::work().launches[i], Contains(launches[i]));
    for (index_t i = 0; i < size; ++i)
        REQUIRE(static_cast<double>(result[i]) == Approx(expected[static_cast<std::size_t>(i)]).epsilon(sizeof(T) == 2 ? 0.01 : 1e-5).margin(1e-5));
}

template <class T>
void require_forward(const ConvGeometry& g, bool biased, bool relu, bool accumulate) {
    Operands<T> o(g);
    const bool fused = biased && !accumulate;
    const auto sums = [&](std::vector<double>& y) {
        for_each_product(g, [&](index_t i, index_t k, index_t j) { y[static_cast<std::size_t>(j)] += product_of(o.x[i], o.w[k]); });
        if (!fused) return;  // a kernel finishes it, which nothing runs here
        for (std::size_t j = 0; j < y.size(); ++j) {
            y[j] += static_cast<double>(o.bias[static_cast<index_t>(j) / g.output_size() % g.out_channels]);
            if (relu && y[j] < 0) y[j] = 0;
        }
    };
    const Launches launches = fused ? Launches{"forward with bias"} : biased || relu ? Launches{"forward", "Finish"} : Launches{"forward"};
    require_sums(launches, o.y, o.sizes[2], accumulate, sums, [&] {
        return cudnn_forward<T>(Cuda{}, g, o.x.data(), o.w.data(), biased ? o.bias.data() : nullptr, o.y.data(), relu, accumulate);
    });
}

template <class T>
void require_gradients(const ConvGeometry& g, bool biased, bool accumulate) {
    Operands<T> o(g);
    const auto data = [&](std::vector<double>& gx) {
        for_each_product(g, [&](index_t i, index_t k, index_t j) { gx[static_cast<std::size_t>(i)] += product_of(o.y[j], o.w[k]); });
    };
    require_sums(biased ? Launches{"backward data", "Finish"} : Launches{"backward data"}, o.x, o.sizes[0], accumulate, data, [&] {
        return cudnn_backward_data<T>(Cuda{}, g, o.y.data(), o.w.data(), biased ? o.bias.data() : nullptr, o.x.data(), accumulate);
    });
    const auto weight = [&](std::vector<double>& gw) {
        for_each_product(g, [&](index_t i, index_t k, index_t j) { gw[static_cast<std::size_t>(k)] += product_of(o.y[j], o.x[i]); });
    };
    require_sums({"backward weight"}, o.w, o.sizes[1], accumulate, weight, [&] {
        return cudnn_backward_weight<T>(Cuda{}, g, o.x.data(), o.y.data(), o.w.data(), accumulate);
    });
}

template <class T>
void require_all(const ConvGeometry& g, cudnnMathType_t math) {
    for (const bool accumulate : {false, true}) {
        for (const bool biased : {false, true})
            for (const bool relu : {false, true}) require_forward<T>(g, biased, relu, accumulate);
        for (const bool biased : {false, true}) require_gradients<T>(g, biased, accumulate);
    }
    CHECK(fake::dnn().math == math);
    CHECK(fake::dnn().compute == (sizeof(T) == 8 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT));
    CHECK(fake::dnn().dimensions == (g.input[0] * g.kernel[0] > 1 ? 3 : 2));
    CHECK(fake::dnn().stream == xnn::cuda::current_stream());
}

/// What a convolution and its gradients launch.
Launches launched(const ConvGeometry& g) {
    Operands<float> o(g);
    fake::reset();
    kernels::conv_forward(Cuda{}, g, static_cast<const float*>(o.x.data()), static_cast<const float*>(o.w.data()), static_cast<const float*>(o.bias.data()),
                          o.y.data());
    kernels::conv_backward_data(Cuda{}, g, static_cast<const float*>(o.y.data()), static_cast<const float*>(o.w.data()), o.x.data(), false);
    kernels::conv_backward_weight(Cuda{}, g, static_cast<const float*>(o.x.data()), static_cast<const float*>(o.y.data()), o.w.data(),
                                  static_cast<float*>(nullptr), false);
    return fake::work().launches;
}
bool is_by_cudnn(const ConvGeometry& g) { return launched(g) == Launches{"forward with bias", "backward data", "backward weight"}; }
bool is_by_own_kernels(const ConvGeometry& g) {
    const Launches all = launched(g);
    return !all.empty() && std::none_of(all.begin(), all.end(), [](const std::string& s) { return s.starts_with("forward") || s.starts_with("backward"); });
}

/// Makes calls of cuDNN answer so while it lives.
struct Answer {
    Answer(std::initializer_list<const char*> calls, cudnnStatus_t status) {
        for (const char* const call : calls) fake::dnn().answers[call] = status;
    }
    ~Answer() { fake::dnn().answers.clear(); }
};

}  // namespace

TEST_CASE("cuDNN is given the convolution that is meant", "[cuda]") {
    for (const ConvGeometry& g : geometries()) {
        require_all<float>(g, CUDNN_FMA_MATH);
        require_all<double>(g, CUDNN_DEFAULT_MATH);
        require_all<float16>(g, CUDNN_TENSOR_OP_MATH);
        require_all<bfloat16>(g, CUDNN_TENSOR_OP_MATH);
        REQUIRE(is_by_cudnn(g));
    }
    xnn::cuda::allow_tf32(true);
    require_all<float>(geometries()[0], CUDNN_DEFAULT_MATH);
    xnn::cuda::allow_tf32(false);
    require_all<float>(geometries()[0], CUDNN_FMA_MATH);
}

TEST_CASE("cuDNN's convolutions that differ in one thing are not taken for each other", "[cuda]") {
    const ConvGeometry g{2, 4, 4, 1, {1, 8, 8}, {1, 2, 2}};
    std::vector<ConvGeometry> others(7, g);
    others[1].batch = 1;
    others[2].groups = 2;
    others[3].input[2] = 7;
    others[4].stride[1] = 2;
    others[5].dilation[2] = 2;
    others[6].pad_before[1] = others[6].pad_after[1] = 1;
    others.push_back({2, 4, 4, 1, {1, 8, 8}, {1, 2, 1}});
    others.push_back({2, 4, 6, 1, {1, 8, 8}, {1, 2, 2}});
    others.push_back({2, 2, 4, 1, {1, 8, 8}, {1, 2, 2}});
    for (const ConvGeometry& other : others) {
        require_forward<float>(other, true, false, false);
        require_gradients<float>(other, false, false);
    }
}

TEST_CASE("cuDNN works in the thread's stream", "[cuda]") {
    const cudaStream_t before = xnn::cuda::current_stream();
    cudaStream_t other = nullptr;
    REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
    for (const cudaStream_t stream : {other, before}) {
        xnn::cuda::set_stream(stream);
        require_forward<float>(geometries()[0], false, false, false);
        REQUIRE(fake::dnn().stream == stream);
    }
}

TEST_CASE("a convolution known to cuDNN takes no more memory, nor more questions", "[cuda]") {
    const ConvGeometry& g = geometries()[0];
    Operands<float> o(g);
    const auto run = [&] { return cudnn_backward_weight<float>(Cuda{}, g, o.x.data(), o.y.data(), o.w.data(), false); };
    REQUIRE(run());
    REQUIRE(fake::dnn().workspace == 290);  // as the fake says of 90 weights; what it is given less of, it refuses
    fake::reset();
    const int asked = fake::dnn().asked;
    REQUIRE(run());
    REQUIRE(fake::dnn().asked == asked);
    REQUIRE(fake::work().allocations == 0);
}

TEST_CASE("what cuDNN cannot do is computed by our own kernels", "[cuda]") {
    SECTION("padding of one end that a window reaches") {
        ConvGeometry g{2, 16, 12, 1, {1, 6, 6}, {1, 2, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 1, 1}};
        REQUIRE(is_by_own_kernels(g));
        g.pad_after = g.pad_before;
        REQUIRE(is_by_cudnn(g));
    }
    SECTION("more elements than an int counts") {
        REQUIRE_FALSE(cudnn_can_describe({1 << 11, 1 << 10, 1, 1, {1, 1, 1 << 10}}));
        REQUIRE(cudnn_can_describe({1 << 10, 1 << 10, 1, 1, {1, 1, 1 << 10}}));
    }
    SECTION("nothing") {
        REQUIRE_FALSE(cudnn_can_describe({0, 3, 5, 1, {1, 6, 7}, {1, 3, 2}}));
        REQUIRE_FALSE(cudnn_can_describe({2, 3, 5, 1, {1, 2, 7}, {1, 3, 2}}));
        REQUIRE(cudnn_can_describe({2, 3, 5, 1, {1, 3, 7}, {1, 3, 2}}));
    }
    SECTION("what it refuses") {
        const ConvGeometry g{3, 16, 12, 1, {1, 6, 6}, {1, 2, 2}};
        {
            const Answer refuse({"forward", "forward with bias", "backward data", "backward weight"}, CUDNN_STATUS_NOT_SUPPORTED_SHAPE);
            REQUIRE(is_by_own_kernels(g));
        }
        REQUIRE(is_by_own_kernels(g));  // which it is not offered again
        REQUIRE(is_by_cudnn({4, 16, 12, 1, {1, 6, 6}, {1, 2, 2}}));
    }
    SECTION("a bias that it refuses is a kernel behind") {
        const Answer refuse({"forward with bias"}, CUDNN_STATUS_NOT_SUPPORTED);
        const Launches all = launched({5, 16, 12, 1, {1, 6, 6}, {1, 2, 2}});
        REQUIRE(all.size() == 4);
        REQUIRE(all[0] == "forward");
        REQUIRE_THAT(all[1], Contains("Finish"));
    }
}

TEST_CASE("what fails in cuDNN is an Error", "[cuda]") {
    const Answer fail({"backward data"}, CUDNN_STATUS_EXECUTION_FAILED);
    REQUIRE_THROWS_WITH(launched(geometries()[0]), "cuda: cudnnConvolutionBackwardData failed: CUDNN_STATUS_EXECUTION_FAILED");
}
