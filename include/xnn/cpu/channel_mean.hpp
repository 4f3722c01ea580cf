// Means over neighbouring channels.
#pragma once

#include <algorithm>

#include "xnn/core/device.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/cpu/registers.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {

/// y[b, c] = the sum of x[b, c - before] to x[b, c + after], channels outside counted as 0, divided by before + 1 + after,
/// or added to y; x and y are (batch, channels, inner). Its gradient is the same with before and after exchanged.
template <class T>
void channel_mean(Cpu, const T* x, T* y, bool accumulate, index_t batch, index_t channels, index_t inner, index_t before, index_t after) {
    using V = simd::batch<T>;
    const V divisor(static_cast<compute_t<T>>(before + 1 + after));
    parallel_chunks(batch * channels, std::max<index_t>(1, 16384 / (inner * (before + after + 1) + 1)), [=](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
            const index_t c = row % channels;
            const index_t first = row - std::min(before, c), last = row + std::min(after, channels - 1 - c);
            simd::for_registers<T>(inner, [&](index_t i, auto n) {
                V sum(0);
                for (index_t r = first; r <= last; ++r) sum += simd::load(x + r * inner + i, n);
                simd::put(y + row * inner + i, sum / divisor, n, accumulate);
            });
        }
    });
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
