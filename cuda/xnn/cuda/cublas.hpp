// cuBLAS as the products use it: one handle a thread, its work in the thread's stream, its workspace ours, so that a step can be
// captured.
#pragma once

#ifdef __CUDACC__

#include <cublasLt.h>
#include <cublas_v2.h>

#include <cstdint>
#include <map>
#include <tuple>

#include "xnn/core/dtype.hpp"
#include "xnn/cpu/gemm.hpp"
#include "xnn/cuda/memory.hpp"

namespace xnn::cuda {

inline void require(cublasStatus_t status, const char* operation) {
    if (status != CUBLAS_STATUS_SUCCESS) throw Error(std::string("cuda: ") + operation + " failed: " + cublasGetStatusString(status));
}

namespace detail {
inline bool& tf32_slot() {
    static bool allowed = false;
    return allowed;
}
}  // namespace detail

/// Whether products of float may round their factors to TF32, which tensor cores multiply many times as fast; at first they may not.
/// https://pytorch.org/docs/stable/backends.html#torch.backends.cuda.matmul.allow_tf32
inline bool allow_tf32() { return detail::tf32_slot(); }
inline void allow_tf32(bool allowed) { detail::tf32_slot() = allowed; }

namespace detail {

template <class T>
constexpr cudaDataType_t cuda_type() {
    if constexpr (std::same_as<T, double>)
        return CUDA_R_64F;
    else if constexpr (std::same_as<T, float16>)
        return CUDA_R_16F;
    else if constexpr (std::same_as<T, bfloat16>)
        return CUDA_R_16BF;
    else
        return CUDA_R_32F;
}
template <class T>
cublasComputeType_t compute_type() {
    if constexpr (std::same_as<T, double>)
        return CUBLAS_COMPUTE_64F;
    else
        return std::same_as<T, float> && allow_tf32() ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}
constexpr cublasOperation_t operation(kernels::Transpose t) { return t == kernels::Transpose::no ? CUBLAS_OP_N : CUBLAS_OP_T; }

/// A row-major product C = op(A) op(B) as cuBLAS sees it: the transposed product of the transposed matrices.
struct Product {
    kernels::Transpose ta, tb;
    index_t m, n, k, lda, ldb, ldc;
    friend auto operator<=>(const Product&, const Product&) = default;
};

class Blas {
public:
    static constexpr std::size_t workspace_bytes = std::size_t{32} << 20;

    static Blas& of_thread() {
        static thread_local Blas blas;
        return blas;
    }
    Blas(const Blas&) = delete;
    Blas& operator=(const Blas&) = delete;
    // Never destroyed: at the end of a thread the runtime may be gone.

    cublasHandle_t handle() {
        if (stream_ != current_stream()) {
            stream_ = current_stream();
            require(cublasSetStream(handle_, stream_), "cublasSetStream");
            require(cublasSetWorkspace(handle_, workspace_.data(), workspace_bytes), "cublasSetWorkspace");
        }
        return handle_;
    }

    /// The result may be wider than the factors.
    template <class T, class R>
    void multiply(const Product& p, index_t count, const T* a, index_t a_step, const T* b, index_t b_step, R* c, index_t c_step, bool accumulate) {
        const compute_t<T> one(1), beta(accumulate ? 1 : 0);
        constexpr auto type = cuda_type<T>();
        const auto number = [](index_t i) { return static_cast<int>(i); };
        require(cublasGemmStridedBatchedEx(handle(), operation(p.tb), operation(p.ta), number(p.n), number(p.m), number(p.k), &one, b, type, number(p.ldb),
                                           b_step, a, type, number(p.lda), a_step, &beta, c, cuda_type<R>(), number(p.ldc), c_step, number(count),
                                           compute_type<T>(), CUBLAS_GEMM_DEFAULT),
                "cublasGemmStridedBatchedEx");
    }

    /// The same of matrices that stand anywhere, as arrays on the device say.
    template <class T, class R>
    void multiply(const Product& p, index_t count, const T* const* a, const T* const* b, R* const* c, bool accumulate) {
        const compute_t<T> one(1), beta(accumulate ? 1 : 0);
        constexpr auto type = cuda_type<T>();
        const auto number = [](index_t i) { return static_cast<int>(i); };
        const auto untyped = [](const auto* const* pointers) { return reinterpret_cast<const void* const*>(pointers); };
        require(cublasGemmBatchedEx(handle(), operation(p.tb), operation(p.ta), number(p.n), number(p.m), number(p.k), &one, untyped(b), type,
                                    number(p.ldb), untyped(a), type, number(p.lda), &beta, reinterpret_cast<void* const*>(c), cuda_type<R>(), number(p.ldc),
                                    number(count), compute_type<T>(), CUBLAS_GEMM_DEFAULT),
                "cublasGemmBatchedEx");
    }

    /// The product with a bias for each column, or null, and perhaps a rectifier. False where cuBLASLt has no way to compute it.
    template <class T>
    bool multiply_with_epilogue(const Product& p, const T* a, const T* b, T* c, const T* bias, bool relu, bool accumulate) {
        Plan* const plan = plan_of<T>(p, bias != nullptr, relu);
        if (!plan) return false;
        const compute_t<T> one(1), beta(accumulate ? 1 : 0);
        if (bias) require(cublasLtMatmulDescSetAttribute(plan->operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias), "cublasLt");
        require(cublasLtMatmul(lt_, plan->operation, &one, b, plan->b, a, plan->a, &beta, c, plan->c, c, plan->c, &plan->algorithm, workspace_.data(),
                               workspace_bytes, current_stream()),
                "cublasLtMatmul");
        return true;
    }

private:
    struct Plan {
        cublasLtMatmulDesc_t operation = nullptr;
        cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr;
        cublasLtMatmulAlgo_t algorithm{};
        bool possible = false;
    };
    using Key = std::tuple<Product, int, int, bool, bool>;

    Blas() : workspace_(workspace_bytes) {
        require(cublasCreate(&handle_), "cublasCreate");
        require(cublasLtCreate(&lt_), "cublasLtCreate");
    }

    /// Made in the first product of its kind: descriptors, and the fastest algorithm that cuBLASLt knows.
    template <class T>
    Plan* plan_of(const Product& p, bool biased, bool relu) {
        const auto compute = compute_type<T>();
        const auto [found, is_new] = plans_.try_emplace(Key{p, static_cast<int>(cuda_type<T>()), static_cast<int>(compute), biased, relu});
        Plan& plan = found->second;
        if (is_new) {
            constexpr auto type = cuda_type<T>();
            const auto turn = [](kernels::Transpose t) { return operation(t); };
            const cublasOperation_t left = turn(p.tb), right = turn(p.ta);
            const cublasLtEpilogue_t epilogue = relu ? (biased ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU) : CUBLASLT_EPILOGUE_BIAS;
            require(cublasLtMatmulDescCreate(&plan.operation, compute, std::same_as<T, double> ? CUDA_R_64F : CUDA_R_32F), "cublasLt");
            require(cublasLtMatmulDescSetAttribute(plan.operation, CUBLASLT_MATMUL_DESC_TRANSA, &left, sizeof left), "cublasLt");
            require(cublasLtMatmulDescSetAttribute(plan.operation, CUBLASLT_MATMUL_DESC_TRANSB, &right, sizeof right), "cublasLt");
            require(cublasLtMatmulDescSetAttribute(plan.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue), "cublasLt");
            const auto layout = [](cublasLtMatrixLayout_t& to, index_t rows, index_t columns, index_t pitch) {
                require(cublasLtMatrixLayoutCreate(&to, type, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns), pitch), "cublasLt");
            };
            const bool plain_a = p.ta == kernels::Transpose::no, plain_b = p.tb == kernels::Transpose::no;
            layout(plan.b, plain_b ? p.n : p.k, plain_b ? p.k : p.n, p.ldb);
            layout(plan.a, plain_a ? p.k : p.m, plain_a ? p.m : p.k, p.lda);
            layout(plan.c, p.n, p.m, p.ldc);
            cublasLtMatmulPreference_t preference = nullptr;
            require(cublasLtMatmulPreferenceCreate(&preference), "cublasLt");
            const std::size_t bytes = workspace_bytes;
            require(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes), "cublasLt");
            cublasLtMatmulHeuristicResult_t best{};
            int results = 0;
            plan.possible = cublasLtMatmulAlgoGetHeuristic(lt_, plan.operation, plan.b, plan.a, plan.c, plan.c, preference, 1, &best, &results) ==
                                CUBLAS_STATUS_SUCCESS &&
                            results > 0;
            plan.algorithm = best.algo;
            cublasLtMatmulPreferenceDestroy(preference);
        }
        return plan.possible ? &plan : nullptr;
    }

    cublasHandle_t handle_ = nullptr;
    cublasLtHandle_t lt_ = nullptr;
    cudaStream_t stream_ = nullptr;
    xnn::detail::Buffer<Cuda> workspace_;
    std::map<Key, Plan> plans_;
};

}  // namespace detail
}  // namespace xnn::cuda

#endif
