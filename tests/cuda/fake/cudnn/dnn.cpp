// cuDNN as far as the convolutions use it: descriptors and arguments are judged as they stand, no algorithm is known but those that
// give the same result in every run, and convolutions are computed as naively as possible.
#include "dnn.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "../numbers.hpp"
#include "../runtime.hpp"

struct cudnnContext {
    cudaStream_t stream = nullptr;
};
struct cudnnTensorStruct {
    cudnnDataType_t type{};
    std::vector<int> sizes;  // of an array without gaps
};
struct cudnnFilterStruct : cudnnTensorStruct {};
struct cudnnActivationStruct {
    cudnnActivationMode_t mode{};
};
struct cudnnConvolutionStruct {
    std::vector<int> pad, stride, dilation;
    cudnnDataType_t compute{};
    cudnnMathType_t math{};
    int groups = 1;
};

namespace {

using Place = std::array<std::int64_t, 3>;

cudaDataType_t cuda_type(cudnnDataType_t type) {
    switch (type) {
        case CUDNN_DATA_DOUBLE: return CUDA_R_64F;
        case CUDNN_DATA_HALF: return CUDA_R_16F;
        case CUDNN_DATA_BFLOAT16: return CUDA_R_16BF;
        default: return CUDA_R_32F;
    }
}
std::int64_t elements_of(const cudnnTensorStruct& t) { return std::accumulate(t.sizes.begin(), t.sizes.end(), std::int64_t{1}, std::multiplies{}); }
bool stands_at(const cudnnTensorStruct& t, const void* p) {
    return p != nullptr && fake::owns(p, static_cast<std::size_t>(elements_of(t)) * fake::size_of(cuda_type(t.type)));
}
Place three(const std::vector<int>& v, std::size_t first, std::int64_t absent) {
    Place result{absent, absent, absent};
    std::copy(v.begin() + static_cast<std::ptrdiff_t>(first), v.end(), result.end() - static_cast<std::ptrdiff_t>(v.size() - first));
    return result;
}
std::int64_t size_of(const Place& p) { return p[0] * p[1] * p[2]; }
template <class F>
void for_each_place(const Place& n, const F& f) {
    for (Place p{}; p[0] < n[0]; ++p[0])
        for (p[1] = 0; p[1] < n[1]; ++p[1])
            for (p[2] = 0; p[2] < n[2]; ++p[2]) f(p, (p[0] * n[1] + p[1]) * n[2] + p[2]);
}

/// A convolution of which all descriptors are known.
struct Convolution {
    const cudnnTensorStruct &x, &y;
    const cudnnFilterStruct& w;
    const cudnnConvolutionStruct& c;

    cudnnStatus_t judge() const {
        const std::size_t n = x.sizes.size();
        const bool wide = x.type == CUDNN_DATA_DOUBLE;
        if ((n != 4 && n != 5) || y.sizes.size() != n || w.sizes.size() != n || c.pad.size() != n - 2 || y.type != x.type || w.type != x.type ||
            c.compute != (wide ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT))
            return CUDNN_STATUS_BAD_PARAM;
        if (c.groups < 1 || x.sizes[1] != w.sizes[1] * c.groups || w.sizes[0] % c.groups != 0 || y.sizes[1] != w.sizes[0] || y.sizes[0] != x.sizes[0])
            return CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH;
        for (std::size_t d = 2; d < n; ++d) {
            const int room = x.sizes[d] + 2 * c.pad[d - 2] - c.dilation[d - 2] * (w.sizes[d] - 1) - 1;
            if (room < 0 || y.sizes[d] != room / c.stride[d - 2] + 1) return CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH;
        }
        return CUDNN_STATUS_SUCCESS;
    }
    /// Calls f(element of x, of w, of y) for each product.
    template <class F>
    void for_each_product(const F& f) const {
        const Place input = three(x.sizes, 2, 1), kernel = three(w.sizes, 2, 1), output = three(y.sizes, 2, 1);
        const Place pad = three(c.pad, 0, 0), stride = three(c.stride, 0, 1), dilation = three(c.dilation, 0, 1);
        const std::int64_t out = w.sizes[0], in_of_group = w.sizes[1], out_of_group = out / c.groups;
        for (std::int64_t row = 0; row < y.sizes[0] * out; ++row)
            for (std::int64_t i = 0; i < in_of_group; ++i) {
                const std::int64_t o = row % out, from = row / out * x.sizes[1] + o / out_of_group * in_of_group + i;
                for_each_place(output, [&](const Place& at, std::int64_t result) {
                    for_each_place(kernel, [&](const Place& k, std::int64_t weight) {
                        Place s{};
                        for (std::size_t d = 0; d < 3; ++d) {
                            s[d] = at[d] * stride[d] + k[d] * dilation[d] - pad[d];
                            if (s[d] < 0 || s[d] >= input[d]) return;
                        }
                        f(from * size_of(input) + (s[0] * input[1] + s[1]) * input[2] + s[2], (o * in_of_group + i) * size_of(kernel) + weight,
                          row * size_of(output) + result);
                    });
                });
            }
    }
};

/// What a call needs besides its operands. Some need none.
std::size_t workspace_of(const Convolution& c, int result) {
    return static_cast<std::size_t>(elements_of(c.w) % 4 == 0 ? 0 : 100 * result + elements_of(c.w));
}
cudnnStatus_t workspace_size(const Convolution& c, bool known, int result, std::size_t* bytes) {
    ++fake::dnn().asked;
    if (!known) return CUDNN_STATUS_NOT_SUPPORTED;
    *bytes = workspace_of(c, result);
    return c.judge();
}

struct Call {
    const char* name;
    cudnnHandle_t handle;
    Convolution convolution;
    bool known;  // its algorithm
    int result;  // 0 y, 1 gx, 2 gw
    void* workspace;
    std::size_t bytes;
};

/// Judges a call; where it may run, target = alpha sums + beta target, finished, with the sums of add(sums), an element each.
template <class Add, class Finish>
cudnnStatus_t compute(const Call& call, const cudnnTensorStruct& target, void* p, const void* alpha, const void* beta, const Add& add, const Finish& finish) {
    const Convolution& c = call.convolution;
    if (const auto found = fake::dnn().answers.find(call.name); found != fake::dnn().answers.end()) return found->second;
    if (!call.known) return CUDNN_STATUS_NOT_SUPPORTED;
    if (const cudnnStatus_t status = c.judge(); status != CUDNN_STATUS_SUCCESS) return status;
    const std::size_t needed = workspace_of(c, call.result);
    if (call.bytes < needed) return CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
    if (needed > 0 && (!fake::owns(call.workspace, call.bytes) || reinterpret_cast<std::uintptr_t>(call.workspace) % 256 != 0)) return CUDNN_STATUS_BAD_PARAM;
    if (!stands_at(target, p)) return CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND;
    fake::Dnn& seen = fake::dnn();
    seen.dimensions = static_cast<int>(c.c.pad.size());
    seen.math = c.c.math;
    seen.compute = c.c.compute;
    seen.stream = call.handle->stream;
    seen.workspace = call.bytes;
    if (fake::launch(call.handle->stream, call.name) != cudaSuccess) return CUDNN_STATUS_EXECUTION_FAILED;
    if (fake::is_capturing()) return CUDNN_STATUS_SUCCESS;
    if (needed > 0) std::memset(call.workspace, 0xff, call.bytes);  // NaN, should an operand stand in it
    const bool wide = c.c.compute == CUDNN_DATA_DOUBLE;
    const double a = fake::scalar(alpha, wide), b = fake::scalar(beta, wide);
    const cudaDataType_t type = cuda_type(target.type);
    std::vector<double> sums(static_cast<std::size_t>(elements_of(target)));
    add(sums);
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        fake::store(p, type, at, finish(at, a * sums[i] + (b != 0 ? b * fake::load(p, type, at) : 0)));
    }
    return CUDNN_STATUS_SUCCESS;
}

double as_it_is(std::int64_t, double value) { return value; }

auto weighted(const Convolution& c, const void* x, const void* w) {
    return [=](std::vector<double>& y) {
        const cudaDataType_t type = cuda_type(c.x.type);
        c.for_each_product([&](std::int64_t i, std::int64_t k, std::int64_t o) {
            y[static_cast<std::size_t>(o)] += fake::load(x, type, i) * fake::load(w, type, k);
        });
    };
}

template <class D>
cudnnStatus_t make(D** descriptor) {
    *descriptor = new D;
    return CUDNN_STATUS_SUCCESS;
}
template <class D>
cudnnStatus_t unmake(D* descriptor) {
    delete descriptor;
    return CUDNN_STATUS_SUCCESS;
}

}  // namespace

namespace fake {
Dnn& dnn() {
    static Dnn seen;
    return seen;
}
}  // namespace fake

// The handle

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
    if (fake::machine().driver != cudaSuccess || fake::is_capturing()) return CUDNN_STATUS_NOT_INITIALIZED;
    *handle = new cudnnContext;
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}
const char* cudnnGetErrorString(cudnnStatus_t status) { return status == CUDNN_STATUS_EXECUTION_FAILED ? "CUDNN_STATUS_EXECUTION_FAILED" : "another status"; }

// Descriptors

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* t) { return make(t); }
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t t) { return unmake(t); }
cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t t, cudnnDataType_t type, int n, const int sizes[], const int strides[]) {
    int step = 1;
    for (int d = n - 1; d >= 0; step *= sizes[d--])
        if (sizes[d] < 1 || strides[d] != step) return CUDNN_STATUS_BAD_PARAM;
    *t = {type, {sizes, sizes + n}};
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* f) { return make(f); }
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t f) { return unmake(f); }
cudnnStatus_t cudnnSetFilterNdDescriptor(cudnnFilterDescriptor_t f, cudnnDataType_t type, cudnnTensorFormat_t format, int n, const int sizes[]) {
    if (format != CUDNN_TENSOR_NCHW) return CUDNN_STATUS_BAD_PARAM;
    static_cast<cudnnTensorStruct&>(*f) = {type, {sizes, sizes + n}};
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* a) { return make(a); }
cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t a) { return unmake(a); }
cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t a, cudnnActivationMode_t mode, cudnnNanPropagation_t nan, double) {
    a->mode = mode;
    return nan == CUDNN_PROPAGATE_NAN ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* c) { return make(c); }
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t c) { return unmake(c); }
cudnnStatus_t cudnnSetConvolutionNdDescriptor(cudnnConvolutionDescriptor_t c, int n, const int pad[], const int stride[], const int dilation[],
                                              cudnnConvolutionMode_t mode, cudnnDataType_t compute_type) {
    for (int d = 0; d < n; ++d)
        if (pad[d] < 0 || stride[d] < 1 || dilation[d] < 1) return CUDNN_STATUS_BAD_PARAM;
    *c = {{pad, pad + n}, {stride, stride + n}, {dilation, dilation + n}, compute_type};
    return mode == CUDNN_CROSS_CORRELATION ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}
cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t c, int groups) {
    c->groups = groups;
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t c, cudnnMathType_t math) {
    c->math = math;
    return CUDNN_STATUS_SUCCESS;
}

// Convolutions

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t c,
                                                      cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
    return workspace_size({*x, *y, *w, *c}, algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, 0, bytes);
}
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t y, cudnnConvolutionDescriptor_t c,
                                                           cudnnTensorDescriptor_t x, cudnnConvolutionBwdDataAlgo_t algorithm, std::size_t* bytes) {
    return workspace_size({*x, *y, *w, *c}, algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, 1, bytes);
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t y,
                                                             cudnnConvolutionDescriptor_t c, cudnnFilterDescriptor_t w,
                                                             cudnnConvolutionBwdFilterAlgo_t algorithm, std::size_t* bytes) {
    return workspace_size({*x, *y, *w, *c}, algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, 2, bytes);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_is, const void* x, cudnnFilterDescriptor_t w_is,
                                      const void* w, cudnnConvolutionDescriptor_t c_is, cudnnConvolutionFwdAlgo_t algorithm, void* workspace,
                                      std::size_t bytes, const void* beta, cudnnTensorDescriptor_t y_is, void* y) {
    const Convolution c{*x_is, *y_is, *w_is, *c_is};
    if (!stands_at(*x_is, x) || !stands_at(*w_is, w)) return CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND;
    return compute({"forward", handle, c, algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, 0, workspace, bytes}, *y_is, y, alpha, beta,
                   weighted(c, x, w), as_it_is);
}
cudnnStatus_t cudnnConvolutionBiasActivationForward(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_is, const void* x,
                                                    cudnnFilterDescriptor_t w_is, const void* w, cudnnConvolutionDescriptor_t c_is,
                                                    cudnnConvolutionFwdAlgo_t algorithm, void* workspace, std::size_t bytes, const void* beta,
                                                    cudnnTensorDescriptor_t z_is, const void* z, cudnnTensorDescriptor_t bias_is, const void* bias,
                                                    cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t y_is, void* y) {
    const Convolution c{*x_is, *y_is, *w_is, *c_is};
    std::vector<int> channels(y_is->sizes.size(), 1);
    channels[1] = y_is->sizes[1];
    if (!stands_at(*x_is, x) || !stands_at(*w_is, w) || !stands_at(*bias_is, bias) || z != y || z_is->sizes != y_is->sizes || z_is->type != y_is->type ||
        bias_is->sizes != channels || bias_is->type != y_is->type ||
        (activation->mode != CUDNN_ACTIVATION_IDENTITY && activation->mode != CUDNN_ACTIVATION_RELU))
        return CUDNN_STATUS_BAD_PARAM;
    const std::int64_t places = size_of(three(y_is->sizes, 2, 1));
    return compute({"forward with bias", handle, c, algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, 0, workspace, bytes}, *y_is, y, alpha, beta,
                   weighted(c, x, w), [&](std::int64_t i, double value) {
                       value += fake::load(bias, cuda_type(bias_is->type), i / places % channels[1]);
                       return activation->mode == CUDNN_ACTIVATION_RELU && value < 0 ? 0 : value;
                   });
}
cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha, cudnnFilterDescriptor_t w_is, const void* w, cudnnTensorDescriptor_t y_is,
                                           const void* gy, cudnnConvolutionDescriptor_t c_is, cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace,
                                           std::size_t bytes, const void* beta, cudnnTensorDescriptor_t x_is, void* gx) {
    const Convolution c{*x_is, *y_is, *w_is, *c_is};
    if (!stands_at(*y_is, gy) || !stands_at(*w_is, w)) return CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND;
    return compute({"backward data", handle, c, algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, 1, workspace, bytes}, *x_is, gx, alpha, beta,
                   [&](std::vector<double>& sums) {
                       const cudaDataType_t type = cuda_type(x_is->type);
                       c.for_each_product([&](std::int64_t i, std::int64_t k, std::int64_t o) {
                           sums[static_cast<std::size_t>(i)] += fake::load(gy, type, o) * fake::load(w, type, k);
                       });
                   },
                   as_it_is);
}
cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_is, const void* x,
                                             cudnnTensorDescriptor_t y_is, const void* gy, cudnnConvolutionDescriptor_t c_is,
                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace, std::size_t bytes,
                                             const void* beta, cudnnFilterDescriptor_t w_is, void* gw) {
    const Convolution c{*x_is, *y_is, *w_is, *c_is};
    if (!stands_at(*y_is, gy) || !stands_at(*x_is, x)) return CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND;
    return compute({"backward weight", handle, c, algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, 2, workspace, bytes}, *w_is, gw, alpha, beta,
                   [&](std::vector<double>& sums) {
                       const cudaDataType_t type = cuda_type(x_is->type);
                       c.for_each_product([&](std::int64_t i, std::int64_t k, std::int64_t o) {
                           sums[static_cast<std::size_t>(k)] += fake::load(gy, type, o) * fake::load(x, type, i);
                       });
                   },
                   as_it_is);
}
