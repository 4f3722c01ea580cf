// Sums over images: gradients of biases, and gradients of weights that parts of a batch have summed.
#pragma once

#include <algorithm>

#include "xnn/core/conv_geometry.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/cpu/conv/tasks.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

/// sums[c] [+]= the sum of channel c, which has `size` elements in each of some images.
template <class T>
void sum_channels(index_t images, index_t channels, index_t size, const T* x, T* sums, bool accumulate) {
    using Batch = simd::batch<T>;
    constexpr index_t width = simd::width<T>;
    constexpr int sets = 4;
    using C = compute_t<T>;
    for (index_t c = 0; c < channels; ++c) {
        Batch sum[sets];
        XNN_UNROLL for (int s = 0; s < sets; ++s) sum[s] = Batch(C(0));
        for (index_t image = 0; image < images; ++image) {
            const T* channel = x + (image * channels + c) * size;
            index_t j = 0;
            for (; j + sets * width <= size; j += sets * width)
                XNN_UNROLL for (int s = 0; s < sets; ++s) sum[s] += simd::load(channel + j + s * width);
            for (; j < size; j += width) sum[0] += simd::load(channel + j, std::min(width, size - j));
        }
        const C total = simd::reduce_add((sum[0] + sum[1]) + (sum[2] + sum[3]));
        sums[c] = static_cast<T>(accumulate ? static_cast<C>(sums[c]) + total : total);
    }
}

/// Parts of the batch whose weight gradients are summed on their own, then together. Their number must not depend on
/// the threads, for the order of the sums would.
inline index_t weight_gradient_parts(const ConvGeometry& g, index_t element_size) {
    constexpr index_t most_parts = 8;
    constexpr index_t memory = 8 << 20;
    const index_t bytes = g.out_channels * g.weights_per_output() * element_size;
    if (g.operations() < worth_threads) return 1;
    return std::clamp(memory / std::max<index_t>(bytes, 1), index_t{1},
                      std::min(most_parts, divide_up(g.batch, index_t{2})));
}

/// to[i] [+]= the sum of `parts` arrays of `size` elements, which lie one after the other.
template <class T>
void sum_parts(index_t parts, index_t size, const T* from, T* to, bool accumulate) {
    constexpr index_t width = simd::width<T>;
    for (index_t i = 0; i < size; i += width) {
        const index_t some = std::min(width, size - i);
        auto sum = accumulate ? simd::load(to + i, some) : simd::batch<T>(T(0));
        for (index_t part = 0; part < parts; ++part) sum += simd::load(from + part * size + i, some);
        simd::store(to + i, sum, some);
    }
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
