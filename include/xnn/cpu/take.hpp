// One element of each column of (outer, n, inner), chosen by an index.
#pragma once

#include <algorithm>
#include <cstdint>

#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// y[o, i] = x[o, index[o, i], i]
template <class T>
void take_along(Cpu, const T* x, const std::int64_t* index, T* y, index_t outer, index_t n, index_t inner) {
    parallel_chunks(outer * inner, 16384, [=](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) y[i] = x[(i / inner * n + index[i]) * inner + i % inner];
    });
}

/// gx[o, index[o, i], i] = gy[o, i] and 0 elsewhere; or added to gx.
template <class T>
void put_along(Cpu, const T* gy, const std::int64_t* index, T* gx, bool accumulate, index_t outer, index_t n, index_t inner) {
    if (!accumulate) std::fill_n(gx, outer * n * inner, T(0));
    parallel_chunks(outer * inner, 16384, [=](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) {
            T& target = gx[(i / inner * n + index[i]) * inner + i % inner];
            target = static_cast<T>(static_cast<compute_t<T>>(target) + static_cast<compute_t<T>>(gy[i]));
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
