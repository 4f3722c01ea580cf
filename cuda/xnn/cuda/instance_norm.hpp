// What instance normalisation adds to batch normalisation: averages over images, in one launch.
#pragma once

#include "xnn/cuda/sets.hpp"

namespace xnn {

namespace cuda {

template <class X, class T>
struct AverageInstances {
    const X* values;
    T* running;
    index_t batch, channels;
    double momentum;

    XNN_INLINE void operator()(index_t c) const {
        double sum = 0;
        for (index_t b = 0; b < batch; ++b) sum += static_cast<double>(load(values, b * channels + c));
        const double average = (1 - momentum) * static_cast<double>(load(running, c)) + momentum * (sum / static_cast<double>(batch));
        running[c] = static_cast<T>(static_cast<compute_t<T>>(average));
    }
};

}  // namespace cuda

namespace kernels {

/// running = (1 - momentum) running + momentum · the mean over the batch of values (batch, channels).
template <class X, class T, cuda::Device D>
void average_instances(D device, const X* values, T* running, index_t batch, index_t channels, double momentum) {
    if (batch > 0) cuda::launch(device, channels, cuda::AverageInstances<X, T>{values, running, batch, channels, momentum});
}

}  // namespace kernels
}  // namespace xnn
