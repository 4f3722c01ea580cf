// cuDNN, for programs that ask for it by XNN_USE_CUDNN (the target xnn::cudnn does): one handle a thread, its work in the thread's
// stream, and descriptors that go with their owners.
//
// The calls are those with named algorithms, of which NVIDIA says which ones give the same result in every run; a graph of cuDNN's
// newer interface leaves that to the engine that it picks.
#pragma once

#if defined(__CUDACC__) && defined(XNN_USE_CUDNN)

#include <cudnn.h>

#include <concepts>
#include <string>

#include "xnn/core/dtype.hpp"
#include "xnn/cuda/cublas.hpp"

static_assert(CUDNN_MAJOR >= 9, "XNN_USE_CUDNN: expected cuDNN 9 or newer");

namespace xnn::cuda {

inline void require(cudnnStatus_t status, const char* operation) {
    if (status != CUDNN_STATUS_SUCCESS) throw Error(std::string("cuda: ") + operation + " failed: " + cudnnGetErrorString(status));
}

namespace detail {

/// Whether a call did what was asked; false where cuDNN says that it has no way to, an Error for everything else.
inline bool is_done(cudnnStatus_t status, const char* operation) {
    if (CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED) return false;
    require(status, operation);
    return true;
}

template <class T>
constexpr cudnnDataType_t cudnn_type() {
    if constexpr (std::same_as<T, double>)
        return CUDNN_DATA_DOUBLE;
    else if constexpr (std::same_as<T, float16>)
        return CUDNN_DATA_HALF;
    else if constexpr (std::same_as<T, bfloat16>)
        return CUDNN_DATA_BFLOAT16;
    else
        return CUDNN_DATA_FLOAT;
}
/// What of tensor cores T may use: float none, unless it may round to TF32.
template <class T>
cudnnMathType_t cudnn_math() {
    if constexpr (sizeof(T) == 2)
        return CUDNN_TENSOR_OP_MATH;
    else
        return std::same_as<T, float> && !allow_tf32() ? CUDNN_FMA_MATH : CUDNN_DEFAULT_MATH;
}

/// One of cuDNN's descriptors, destroyed with this. That takes no device, so it may happen at the end of a thread.
template <class Raw, cudnnStatus_t (*create)(Raw*), cudnnStatus_t (*destroy)(Raw)>
class Descriptor {
public:
    Descriptor() { require(create(&raw_), "a descriptor of cuDNN"); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { destroy(raw_); }
    operator Raw() const { return raw_; }

private:
    Raw raw_ = nullptr;
};
using TensorDescriptor = Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor = Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor>;
using ActivationDescriptor = Descriptor<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor, cudnnDestroyActivationDescriptor>;

class Dnn {
public:
    static Dnn& of_thread() {
        static thread_local Dnn dnn;
        return dnn;
    }
    Dnn(const Dnn&) = delete;
    Dnn& operator=(const Dnn&) = delete;
    // The handle is never destroyed: at the end of a thread the runtime may be gone.

    cudnnHandle_t handle() {
        if (stream_ != current_stream()) {
            require(cudnnSetStream(handle_, current_stream()), "cudnnSetStream");
            stream_ = current_stream();
        }
        return handle_;
    }

private:
    Dnn() {
        current_stream();  // says what is wrong where there is no GPU
        require(cudnnCreate(&handle_), "cudnnCreate");
    }

    cudnnHandle_t handle_ = nullptr;
    cudaStream_t stream_ = nullptr;
};

}  // namespace detail
}  // namespace xnn::cuda

#endif
