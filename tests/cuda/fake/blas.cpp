// cuBLAS and cuBLASLt as far as the products use them: arguments are judged as they stand, and products are computed as naively as
// possible.
#include <cublasLt.h>
#include <cublas_v2.h>

#include <cstdint>
#include <cstring>

#include "numbers.hpp"
#include "runtime.hpp"

struct cublasContext {
    cudaStream_t stream = nullptr;
    bool has_workspace = false;
};

using namespace fake;

namespace {

struct Operation {
    cublasComputeType_t compute;
    cudaDataType_t scale;
    cublasOperation_t turn_a = CUBLAS_OP_N, turn_b = CUBLAS_OP_N;
    cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
    const void* bias = nullptr;
};
struct Layout {
    cudaDataType_t type;
    std::uint64_t rows, columns;
    std::int64_t pitch;
};

/// `count` matrices of columns one after the other.
struct Matrices {
    const void* p;
    cudaDataType_t type;
    std::int64_t rows, columns, pitch, step;

    bool fits(std::int64_t count) const {
        if (rows == 0 || columns == 0) return true;
        const std::int64_t last = (count - 1) * step + (columns - 1) * pitch + rows;
        return p != nullptr && pitch >= rows && step >= 0 && fake::owns(p, static_cast<std::size_t>(last) * size_of(type));
    }
    /// Whether no element is in two of them: they stand behind each other, or their columns beside each other in those of one array.
    bool are_apart(std::int64_t count) const {
        return count == 1 || step >= (columns - 1) * pitch + rows || (step >= rows && count * step <= pitch);
    }
    double at(std::int64_t number, std::int64_t i, std::int64_t j, bool turned) const {
        return load(p, type, number * step + (turned ? j + i * pitch : i + j * pitch));
    }
};

struct Epilogue {
    const void* bias = nullptr;  // for each row
    bool relu = false;
};

/// c = alpha op(a) op(b) + beta c, of matrices that fit.
void multiply(std::int64_t count, std::int64_t k, double alpha, const Matrices& a, bool turn_a, const Matrices& b, bool turn_b, double beta,
              const Matrices& c, const Epilogue& epilogue = {}) {
    for (std::int64_t number = 0; number < count; ++number)
        for (std::int64_t j = 0; j < c.columns; ++j)
            for (std::int64_t i = 0; i < c.rows; ++i) {
                double sum = 0;
                for (std::int64_t q = 0; q < k; ++q) sum += a.at(number, i, q, turn_a) * b.at(number, q, j, turn_b);
                double value = alpha * sum + (beta != 0 ? beta * c.at(number, i, j, false) : 0);
                if (epilogue.bias != nullptr) value += load(epilogue.bias, c.type, i);
                if (epilogue.relu && value < 0) value = 0;
                store(const_cast<void*>(c.p), c.type, number * c.step + i + j * c.pitch, value);
            }
}

cublasStatus_t status_of(cudaError_t launched) { return launched == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED; }

}  // namespace

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
    if (fake::machine().driver != cudaSuccess || fake::is_capturing()) return CUBLAS_STATUS_NOT_INITIALIZED;
    *handle = new cublasContext;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
    *handle = {stream, false};  // back to a workspace of its own, as cuBLAS says
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, std::size_t bytes) {
    handle->has_workspace = fake::owns(workspace, bytes);
    return handle->has_workspace ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}
const char* cublasGetStatusString(cublasStatus_t status) {
    return status == CUBLAS_STATUS_INVALID_VALUE ? "an unsupported value or parameter was passed to the function" : "another status";
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t turn_a, cublasOperation_t turn_b, int m, int n, int k,
                                          const void* alpha, const void* a, cudaDataType_t type_a, int lda, long long step_a, const void* b,
                                          cudaDataType_t type_b, int ldb, long long step_b, const void* beta, void* c, cudaDataType_t type_c, int ldc,
                                          long long step_c, int count, cublasComputeType_t compute, cublasGemmAlgo_t) {
    const bool ta = turn_a != CUBLAS_OP_N, tb = turn_b != CUBLAS_OP_N;
    const Matrices left{a, type_a, ta ? k : m, ta ? m : k, lda, step_a}, right{b, type_b, tb ? n : k, tb ? k : n, ldb, step_b};
    const Matrices result{c, type_c, m, n, ldc, step_c};
    const bool wide = compute == CUBLAS_COMPUTE_64F;
    if (m < 0 || n < 0 || k < 0 || count < 1 || type_a != type_b || wide != (type_a == CUDA_R_64F) || !left.fits(count) || !right.fits(count) ||
        !result.fits(count) || !result.are_apart(count))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (!handle->has_workspace && fake::is_capturing()) return CUBLAS_STATUS_ALLOC_FAILED;
    const cudaError_t launched = fake::launch(handle->stream, "product");
    if (launched == cudaSuccess && !fake::is_capturing()) multiply(count, k, scalar(alpha, wide), left, ta, right, tb, scalar(beta, wide), result);
    return status_of(launched);
}

/// The pointers are written by a kernel, which nothing runs: then there is nothing to multiply. Where they are there, they are judged.
cublasStatus_t cublasGemmBatchedEx(cublasHandle_t handle, cublasOperation_t turn_a, cublasOperation_t turn_b, int m, int n, int k, const void* alpha,
                                   const void* const a[], cudaDataType_t type_a, int lda, const void* const b[], cudaDataType_t type_b, int ldb,
                                   const void* beta, void* const c[], cudaDataType_t type_c, int ldc, int count, cublasComputeType_t compute,
                                   cublasGemmAlgo_t) {
    const bool ta = turn_a != CUBLAS_OP_N, tb = turn_b != CUBLAS_OP_N, wide = compute == CUBLAS_COMPUTE_64F;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(void*);
    if (m < 0 || n < 0 || k < 0 || count < 1 || type_a != type_b || wide != (type_a == CUDA_R_64F) || lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m ||
        !fake::owns(a, bytes) || !fake::owns(b, bytes) || !fake::owns(c, bytes))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (!handle->has_workspace && fake::is_capturing()) return CUBLAS_STATUS_ALLOC_FAILED;
    const cudaError_t launched = fake::launch(handle->stream, "product");
    for (int i = 0; i < count && launched == cudaSuccess && !fake::is_capturing(); ++i) {
        const Matrices left{a[i], type_a, ta ? k : m, ta ? m : k, lda, 0}, right{b[i], type_b, tb ? n : k, tb ? k : n, ldb, 0};
        const Matrices result{c[i], type_c, m, n, ldc, 0};
        if (!fake::owns(c[i], 1)) continue;
        if (!left.fits(1) || !right.fits(1) || !result.fits(1)) return CUBLAS_STATUS_INVALID_VALUE;
        multiply(1, k, scalar(alpha, wide), left, ta, right, tb, scalar(beta, wide), result);
    }
    return status_of(launched);
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
    static int one;
    *handle = reinterpret_cast<cublasLtHandle_t>(&one);
    return fake::machine().driver == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation, cublasComputeType_t compute, cudaDataType_t scale) {
    *operation = reinterpret_cast<cublasLtMatmulDesc_t>(new Operation{compute, scale});
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute, const void* value, std::size_t bytes) {
    auto& o = *reinterpret_cast<Operation*>(operation);
    const auto set = [&](auto& member) {
        if (bytes != sizeof member) return CUBLAS_STATUS_INVALID_VALUE;
        std::memcpy(&member, value, bytes);
        return CUBLAS_STATUS_SUCCESS;
    };
    switch (attribute) {
        case CUBLASLT_MATMUL_DESC_TRANSA: return set(o.turn_a);
        case CUBLASLT_MATMUL_DESC_TRANSB: return set(o.turn_b);
        case CUBLASLT_MATMUL_DESC_EPILOGUE: return set(o.epilogue);
        case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return set(o.bias);
        default: return CUBLAS_STATUS_NOT_SUPPORTED;
    }
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type, std::uint64_t rows, std::uint64_t columns, std::int64_t pitch) {
    *layout = reinterpret_cast<cublasLtMatrixLayout_t>(new Layout{type, rows, columns, pitch});
    return pitch >= static_cast<std::int64_t>(rows) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
    static int one;
    *preference = reinterpret_cast<cublasLtMatmulPreference_t>(&one);
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t, const void*, std::size_t) {
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatmulPreference_t, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results, int* count) {
    *count = wanted > 0 ? 1 : 0;
    if (*count > 0) results[0] = {};
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t operation, const void* alpha, const void* a, cublasLtMatrixLayout_t layout_a,
                              const void* b, cublasLtMatrixLayout_t layout_b, const void* beta, const void* c, cublasLtMatrixLayout_t layout_c, void* d,
                              cublasLtMatrixLayout_t layout_d, const cublasLtMatmulAlgo_t* algorithm, void* workspace, std::size_t workspace_bytes,
                              cudaStream_t stream) {
    const auto& o = *reinterpret_cast<const Operation*>(operation);
    const auto matrices = [](const void* p, cublasLtMatrixLayout_t layout) {
        const auto& l = *reinterpret_cast<const Layout*>(layout);
        return Matrices{p, l.type, static_cast<std::int64_t>(l.rows), static_cast<std::int64_t>(l.columns), l.pitch, 0};
    };
    const Matrices left = matrices(a, layout_a), right = matrices(b, layout_b), result = matrices(d, layout_d);
    const bool ta = o.turn_a != CUBLAS_OP_N, tb = o.turn_b != CUBLAS_OP_N;
    const std::int64_t k = ta ? left.rows : left.columns;
    const bool agree = (ta ? left.columns : left.rows) == result.rows && (tb ? right.columns : right.rows) == k &&
                       (tb ? right.rows : right.columns) == result.columns && c == d && layout_c == layout_d;
    const bool wide = o.compute == CUBLAS_COMPUTE_64F;
    const bool biased = o.epilogue == CUBLASLT_EPILOGUE_BIAS || o.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    if (!agree || !left.fits(1) || !right.fits(1) || !result.fits(1) || wide != (o.scale == CUDA_R_64F) || wide != (result.type == CUDA_R_64F) ||
        algorithm == nullptr || !fake::owns(workspace, workspace_bytes) ||
        (biased && !fake::owns(o.bias, static_cast<std::size_t>(result.rows) * size_of(result.type))))
        return CUBLAS_STATUS_INVALID_VALUE;
    const cudaError_t launched = fake::launch(stream, "product");
    const bool relu = o.epilogue == CUBLASLT_EPILOGUE_RELU || o.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    if (launched == cudaSuccess && !fake::is_capturing())
        multiply(1, k, scalar(alpha, wide), left, ta, right, tb, scalar(beta, wide), result, {biased ? o.bias : nullptr, relu});
    return status_of(launched);
}
