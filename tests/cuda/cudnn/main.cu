// NVIDIA's cuDNN. Without a GPU: it takes our descriptors for the convolutions that they are meant to be, and the program says what it lacks.
// With one: convolutions beside the Cpu's.
#include <xnn/cpu/conv.hpp>
#include <xnn/cuda/conv.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#ifndef CUDNN_VERSION
#error "xnn::cudnn brought no cuDNN"
#endif

using namespace xnn;

namespace {

/// Numbers on the host and on the device.
struct Numbers {
    explicit Numbers(index_t n, unsigned seed) : host(static_cast<std::size_t>(n)), memory(host.size() * sizeof(float)) {
        for (float& x : host) x = static_cast<float>((seed = seed * 1664525U + 1013904223U) >> 16) / 32768.0F - 1;
        kernels::copy_bytes(Cuda{}, memory.data(), Cpu{}, host.data(), host.size() * sizeof(float));
    }
    float* device() { return reinterpret_cast<float*>(memory.data()); }
    float largest_difference() {
        std::vector<float> computed(host.size());
        kernels::copy_bytes(Cpu{}, computed.data(), Cuda{}, device(), host.size() * sizeof(float));
        float result = 0;
        for (std::size_t i = 0; i < host.size(); ++i) result = std::fmax(result, std::fabs(computed[i] - host[i]));
        return result;
    }
    std::vector<float> host;
    xnn::detail::Buffer<Cuda> memory;
};

bool agrees(const ConvGeometry& g) {
    Numbers x(g.batch * g.in_channels * g.input_size(), 1), w(g.out_channels * g.weights_per_output(), 2);
    Numbers y(g.batch * g.out_channels * g.output_size(), 3), bias(g.out_channels, 4), gx = x, gw = w;
    gx.memory = xnn::detail::Buffer<Cuda>(gx.memory.size());
    gw.memory = xnn::detail::Buffer<Cuda>(gw.memory.size());
    using namespace xnn::cuda::conv;
    const float *const xs = x.device(), *const ws = w.device(), *const biases = bias.device();
    if (!cudnn_forward(Cuda{}, g, xs, ws, biases, y.device(), true, false)) return false;
    if (!cudnn_backward_data(Cuda{}, g, static_cast<const float*>(y.device()), ws, static_cast<const float*>(nullptr), gx.device(), false)) return false;
    if (!cudnn_backward_weight(Cuda{}, g, xs, static_cast<const float*>(y.device()), gw.device(), false)) return false;
    kernels::conv_forward(Cpu{}, g, x.host.data(), w.host.data(), bias.host.data(), y.host.data(), kernels::Activation::relu);
    kernels::conv_backward_data(Cpu{}, g, y.host.data(), w.host.data(), gx.host.data(), false);
    kernels::conv_backward_weight(Cpu{}, g, x.host.data(), y.host.data(), gw.host.data(), static_cast<float*>(nullptr), false);
    std::printf("largest differences: %g, %g, %g\n", y.largest_difference(), gx.largest_difference(), gw.largest_difference());
    return y.largest_difference() < 1e-3F && gx.largest_difference() < 1e-3F && gw.largest_difference() < 1e-2F;
}

/// Whether the library says that this convolution has the extents that we say it has.
bool is_understood(const ConvGeometry& g, cudnnDataType_t type, cudnnMathType_t math) {
    const xnn::cuda::conv::CudnnConv conv(g, type, math);
    const bool flat = g.input[0] * g.kernel[0] == 1;
    const int dimensions = flat ? 4 : 5;
    int sizes[5] = {};
    xnn::cuda::require(cudnnGetConvolutionNdForwardOutputDim(conv.window, conv.x, conv.w, dimensions, sizes), "cudnnGetConvolutionNdForwardOutputDim");
    const auto output = g.output();
    return sizes[0] == g.batch && sizes[1] == g.out_channels && std::equal(output.begin() + (flat ? 1 : 0), output.end(), sizes + 2);
}

}  // namespace

int main() {
    std::printf("cuDNN %d, library %zu\n", CUDNN_VERSION, cudnnGetVersion());
    if (cudnnGetVersion() / 10000 != CUDNN_MAJOR) return 1;
    const ConvGeometry all[]{
        {4, 16, 24, 1, {1, 14, 13}, {1, 3, 3}, {1, 2, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
        {4, 16, 24, 4, {1, 14, 13}, {1, 3, 3}, {1, 1, 1}, {1, 2, 1}, {0, 2, 1}, {0, 2, 1}},
        {4, 6, 8, 1, {1, 1, 40}, {1, 1, 5}},
        {2, 3, 5, 1, {6, 7, 8}, {3, 2, 3}, {1, 1, 1}, {1, 1, 1}, {1, 0, 1}, {1, 0, 1}},
        {2, 3, 2, 1, {1, 6, 6}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 0, 0}},  // as a transposed one with output padding
    };
    for (const ConvGeometry& g : all)
        if (!is_understood(g, CUDNN_DATA_FLOAT, CUDNN_FMA_MATH) || !is_understood(g, CUDNN_DATA_DOUBLE, CUDNN_DEFAULT_MATH) ||
            !is_understood(g, CUDNN_DATA_HALF, CUDNN_TENSOR_OP_MATH) || !is_understood(g, CUDNN_DATA_BFLOAT16, CUDNN_TENSOR_OP_MATH))
            return 1;
    if (!xnn::cuda::is_available()) {
        try {
            xnn::cuda::detail::Dnn::of_thread();
        } catch (const Error& error) {
            std::puts(error.what());
            return std::strstr(error.what(), "expected an NVIDIA GPU") ? 0 : 1;
        }
        return 1;
    }
    for (const ConvGeometry& g : all)
        if (!agrees(g)) return 1;
}
