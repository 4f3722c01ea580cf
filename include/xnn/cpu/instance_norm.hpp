// What instance normalisation adds to batch normalisation: averages over images.
#pragma once

#include "xnn/core/config.hpp"
#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"

namespace xnn::kernels {

/// running = (1 - momentum) running + momentum · the mean over the batch of values (batch, channels).
template <class X, class T>
void average_instances(Cpu, const X* values, T* running, index_t batch, index_t channels, double momentum) {
    if (batch == 0) return;
    for (index_t c = 0; c < channels; ++c) {
        double sum = 0;
        for (index_t b = 0; b < batch; ++b) sum += static_cast<double>(static_cast<compute_t<X>>(values[b * channels + c]));
        const double before = static_cast<double>(static_cast<compute_t<T>>(running[c]));
        running[c] = static_cast<T>(static_cast<compute_t<T>>((1 - momentum) * before + momentum * (sum / static_cast<double>(batch))));
    }
}

}  // namespace xnn::kernels
