// Convolutions and their gradients by cuDNN, where a program asks for it: one call each, of an algorithm that gives the same result
// in every run. Each function says false, and has done nothing, where cuDNN was not asked for or has no way to it: then the kernels
// of conv.hpp compute.
#pragma once

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cuda/cudnn.hpp"
#include "xnn/cuda/gemm.hpp"
#include "xnn/expr/arena.hpp"

#if defined(__CUDACC__) && defined(XNN_USE_CUDNN)
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>
#endif

namespace xnn::cuda::conv {

template <class T, Device D>
bool cudnn_forward(D, const ConvGeometry&, const T*, const T*, const T*, T*, bool, bool) { return false; }
template <class T, Device D>
bool cudnn_backward_data(D, const ConvGeometry&, const T*, const T*, const T*, T*, bool) { return false; }
template <class T, Device D>
bool cudnn_backward_weight(D, const ConvGeometry&, const T*, const T*, T*, bool) { return false; }

#if defined(__CUDACC__) && defined(XNN_USE_CUDNN)

/// Whether cuDNN's descriptors can say what this convolution is: they pad both ends alike, count in int, and are of something. Padding
/// at an end that no window reaches is no difference.
inline bool cudnn_can_describe(const ConvGeometry& g) {
    ConvGeometry alike = g;
    alike.pad_after = g.pad_before;
    if (alike.output() != g.output()) return false;
    for (std::size_t d = 0; d < 3; ++d)
        if (g.pad_before[d] < 0) return false;
    const index_t x = g.batch * g.in_channels * g.input_size(), y = g.batch * g.out_channels * g.output_size(), w = g.out_channels * g.weights_per_output();
    for (const index_t elements : {x, y, w})
        if (elements < 1 || elements > 0x7fffffff) return false;
    return true;
}

/// One of the results that a convolution has, as cuDNN computes it.
class CudnnWay {
public:
    /// Asks once how much memory it takes: ask(bytes); then call(workspace, bytes). False where cuDNN refuses either.
    template <class Ask, class Call>
    bool run(const char* name, const Ask& ask, const Call& call) {
        if (state_ == State::unknown) state_ = detail::is_done(ask(&bytes_), name) ? State::open : State::closed;
        if (state_ == State::closed) return false;
        const auto lease = Lease<Cuda>::take();
        void* const workspace = bytes_ > 0 ? aligned(lease.arena().template allocate<std::byte>(static_cast<index_t>(bytes_ + alignment))) : nullptr;
        if (!detail::is_done(call(workspace, bytes_), name)) state_ = State::closed;
        return state_ == State::open;
    }

private:
    enum class State { unknown, open, closed };
    static constexpr std::size_t alignment = 256;  // cudaMalloc's, which is what cuDNN is mostly given

    static void* aligned(std::byte* p) {
        return reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(p) + alignment - 1) / alignment * alignment);
    }

    State state_ = State::unknown;
    std::size_t bytes_ = 0;
};

/// A convolution as cuDNN knows it: over two dimensions, the first of extent 1 where there is one only, or over three.
struct CudnnConv {
    static constexpr auto forward_algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
    // Those of number 0 add up atomically, in any order.
    static constexpr auto data_algorithm = CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
    static constexpr auto weight_algorithm = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;

    detail::TensorDescriptor x, y, bias;
    detail::FilterDescriptor w;
    detail::ConvolutionDescriptor window;
    detail::ActivationDescriptor identity, relu;
    CudnnWay forward, forward_with_bias, data, weight;

    CudnnConv(const ConvGeometry& g, cudnnDataType_t type, cudnnMathType_t math) {
        const bool flat = g.input[0] == 1 && g.kernel[0] == 1 && g.pad_before[0] == 0;
        const auto places = [&](const Dims<3>& d) {
            std::vector<int> result;
            for (std::size_t i = flat ? 1 : 0; i < 3; ++i) result.push_back(static_cast<int>(d[i]));
            return result;
        };
        const auto extents = [&](index_t a, index_t b, const Dims<3>& d) {
            std::vector<int> result = places(d);
            result.insert(result.begin(), {static_cast<int>(a), static_cast<int>(b)});
            return result;
        };
        const auto set = [&](cudnnTensorDescriptor_t tensor, const std::vector<int>& sizes) {
            std::vector<int> strides(sizes.size(), 1);
            for (std::size_t i = sizes.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * sizes[i];
            require(cudnnSetTensorNdDescriptor(tensor, type, static_cast<int>(sizes.size()), sizes.data(), strides.data()), "cudnnSetTensorNdDescriptor");
        };
        set(x, extents(g.batch, g.in_channels, g.input));
        set(y, extents(g.batch, g.out_channels, g.output()));
        set(bias, extents(1, g.out_channels, {1, 1, 1}));
        const std::vector<int> weights = extents(g.out_channels, g.in_channels_of_group(), g.kernel);
        require(cudnnSetFilterNdDescriptor(w, type, CUDNN_TENSOR_NCHW, static_cast<int>(weights.size()), weights.data()), "cudnnSetFilterNdDescriptor");
        const std::vector<int> pad = places(g.pad_before), stride = places(g.stride), dilation = places(g.dilation);
        require(cudnnSetConvolutionNdDescriptor(window, static_cast<int>(pad.size()), pad.data(), stride.data(), dilation.data(), CUDNN_CROSS_CORRELATION,
                                                type == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT),
                "cudnnSetConvolutionNdDescriptor");
        require(cudnnSetConvolutionGroupCount(window, static_cast<int>(g.groups)), "cudnnSetConvolutionGroupCount");
        require(cudnnSetConvolutionMathType(window, math), "cudnnSetConvolutionMathType");
        require(cudnnSetActivationDescriptor(identity, CUDNN_ACTIVATION_IDENTITY, CUDNN_PROPAGATE_NAN, 0), "cudnnSetActivationDescriptor");
        require(cudnnSetActivationDescriptor(relu, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0), "cudnnSetActivationDescriptor");
    }

    /// Of this thread, made in the first convolution of its kind; null where cuDNN cannot be told of it.
    template <class T>
    static CudnnConv* of(const ConvGeometry& g) {
        if (!cudnn_can_describe(g)) return nullptr;
        constexpr auto type = detail::cudnn_type<T>();
        const auto math = detail::cudnn_math<T>();
        std::array<index_t, 21> key{type, math, g.batch, g.in_channels, g.out_channels, g.groups};
        auto next = key.begin() + 6;
        for (const Dims<3>& dims : {g.input, g.kernel, g.stride, g.dilation, g.pad_before}) next = std::copy(dims.begin(), dims.end(), next);
        static thread_local std::map<std::array<index_t, 21>, CudnnConv> known;
        return &known.try_emplace(key, g, type, math).first->second;
    }
};

/// y = activation(y + bias): what a call of cuDNN left to do.
template <class T>
void finish_channels(Cuda device, index_t images, index_t channels, index_t places, T* y, const T* bias, bool relu) {
    if (!bias && !relu) return;
    launch(device, images * channels * places,
           kernels::cuda_gemm::Finish<T>{y, channels, places, places, channels * places,
                                         {.row_bias = bias, .activation = relu ? kernels::Activation::relu : kernels::Activation::none}});
}

/// y = activation([y +] x * w + bias): one call, where there is a bias and nothing is added to; else the activation is a kernel behind.
template <class T>
bool cudnn_forward(Cuda device, const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y, bool relu, bool accumulate) {
    CudnnConv* const conv = CudnnConv::of<T>(g);
    if (!conv) return false;
    const cudnnHandle_t handle = detail::Dnn::of_thread().handle();
    const compute_t<T> one(1), zero(0), beta(accumulate ? 1 : 0);
    constexpr auto algorithm = CudnnConv::forward_algorithm;
    const auto ask = [&](std::size_t* bytes) {
        return cudnnGetConvolutionForwardWorkspaceSize(handle, conv->x, conv->w, conv->window, conv->y, algorithm, bytes);
    };
    const auto with_bias = [&](void* workspace, std::size_t bytes) {  // of y nothing is taken, but something must be named
        return cudnnConvolutionBiasActivationForward(handle, &one, conv->x, x, conv->w, w, conv->window, algorithm, workspace, bytes, &zero, conv->y, y,
                                                     conv->bias, bias, relu ? conv->relu : conv->identity, conv->y, y);
    };
    if (bias && !accumulate && conv->forward_with_bias.run("cudnnConvolutionBiasActivationForward", ask, with_bias)) return true;
    const auto plain = [&](void* workspace, std::size_t bytes) {
        return cudnnConvolutionForward(handle, &one, conv->x, x, conv->w, w, conv->window, algorithm, workspace, bytes, &beta, conv->y, y);
    };
    if (!conv->forward.run("cudnnConvolutionForward", ask, plain)) return false;
    finish_channels(device, g.batch, g.out_channels, g.output_size(), y, bias, relu);
    return true;
}

/// gx = [gx +] the gradient + bias, which is that of the transposed convolution and a kernel behind.
template <class T>
bool cudnn_backward_data(Cuda device, const ConvGeometry& g, const T* gy, const T* w, const T* bias, T* gx, bool accumulate) {
    CudnnConv* const conv = CudnnConv::of<T>(g);
    if (!conv) return false;
    const cudnnHandle_t handle = detail::Dnn::of_thread().handle();
    const compute_t<T> one(1), beta(accumulate ? 1 : 0);
    constexpr auto algorithm = CudnnConv::data_algorithm;
    const auto ask = [&](std::size_t* bytes) {
        return cudnnGetConvolutionBackwardDataWorkspaceSize(handle, conv->w, conv->y, conv->window, conv->x, algorithm, bytes);
    };
    const auto call = [&](void* workspace, std::size_t bytes) {
        return cudnnConvolutionBackwardData(handle, &one, conv->w, w, conv->y, gy, conv->window, algorithm, workspace, bytes, &beta, conv->x, gx);
    };
    if (!conv->data.run("cudnnConvolutionBackwardData", ask, call)) return false;
    finish_channels(device, g.batch, g.in_channels, g.input_size(), gx, bias, false);
    return true;
}

/// gw [+]= the gradient.
template <class T>
bool cudnn_backward_weight(Cuda, const ConvGeometry& g, const T* x, const T* gy, T* gw, bool accumulate) {
    CudnnConv* const conv = CudnnConv::of<T>(g);
    if (!conv) return false;
    const cudnnHandle_t handle = detail::Dnn::of_thread().handle();
    const compute_t<T> one(1), beta(accumulate ? 1 : 0);
    constexpr auto algorithm = CudnnConv::weight_algorithm;
    const auto ask = [&](std::size_t* bytes) {
        return cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, conv->x, conv->y, conv->window, conv->w, algorithm, bytes);
    };
    const auto call = [&](void* workspace, std::size_t bytes) {
        return cudnnConvolutionBackwardFilter(handle, &one, conv->x, x, conv->y, gy, conv->window, algorithm, workspace, bytes, &beta, conv->w, gw);
    };
    return conv->weight.run("cudnnConvolutionBackwardFilter", ask, call);
}

#endif

}  // namespace xnn::cuda::conv
