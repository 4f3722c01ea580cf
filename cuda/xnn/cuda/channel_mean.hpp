// Means over neighbouring channels: one launch.
#pragma once

#include "xnn/cuda/sets.hpp"

namespace xnn {

namespace cuda {

template <class T>
struct ChannelMean {
    const T* x;
    T* y;
    bool accumulate;
    index_t channels, inner, before, after;

    XNN_INLINE void operator()(index_t i) const {
        using C = compute_t<T>;
        const index_t row = quotient(i, inner), c = row - quotient(row, channels) * channels;
        const index_t first = c < before ? -c : -before, last = channels - 1 - c < after ? channels - 1 - c : after;
        C sum(0);
        for (index_t r = first; r <= last; ++r) sum += load(x, i + r * inner);
        put(y + i, sum / static_cast<C>(before + 1 + after), accumulate);
    }
};

}  // namespace cuda

namespace kernels {

/// As channel_mean of the Cpu.
template <class T, cuda::Device D>
void channel_mean(D device, const T* x, T* y, bool accumulate, index_t batch, index_t channels, index_t inner, index_t before, index_t after) {
    cuda::launch(device, batch * channels * inner, cuda::ChannelMean<T>{x, y, accumulate, channels, inner, before, after});
}

}  // namespace kernels
}  // namespace xnn
