// Numbers of the types that NVIDIA's libraries compute with, wherever they stand.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <library_types.h>

#include <cstddef>
#include <cstdint>

namespace fake {

inline std::size_t size_of(cudaDataType_t type) { return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2; }

inline double load(const void* p, cudaDataType_t type, std::int64_t i) {
    switch (type) {
        case CUDA_R_64F: return static_cast<const double*>(p)[i];
        case CUDA_R_16F: return __half2float(static_cast<const __half*>(p)[i]);
        case CUDA_R_16BF: return __bfloat162float(static_cast<const __nv_bfloat16*>(p)[i]);
        default: return static_cast<const float*>(p)[i];
    }
}
inline void store(void* p, cudaDataType_t type, std::int64_t i, double value) {
    switch (type) {
        case CUDA_R_64F: static_cast<double*>(p)[i] = value; break;
        case CUDA_R_16F: static_cast<__half*>(p)[i] = __float2half(static_cast<float>(value)); break;
        case CUDA_R_16BF: static_cast<__nv_bfloat16*>(p)[i] = __float2bfloat16(static_cast<float>(value)); break;
        default: static_cast<float*>(p)[i] = static_cast<float>(value);
    }
}
inline double scalar(const void* p, bool wide) { return wide ? *static_cast<const double*>(p) : static_cast<double>(*static_cast<const float*>(p)); }

}  // namespace fake
