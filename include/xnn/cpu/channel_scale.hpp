// A batch normalisation out of training, folded into the weights of the layer in front of it.
#pragma once

#include <cmath>

#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"

namespace xnn::kernels {

/// Makes each channel of a layer x factor + offset, as the normalisation would: by its weights, which stand `step` apart, and its
/// bias.
template <class T, class S>
struct ChannelScale {
    const S* mean;
    const S* variance;
    const S* scale;  // or null, as is shift
    const S* shift;
    double eps;
    T* weights;
    index_t channel_step, count, step;
    T* bias;

    XNN_INLINE void operator()(index_t channel) const {
        double factor = 1 / std::sqrt(static_cast<double>(variance[channel]) + eps), offset = 0;
        if (scale) {
            factor *= static_cast<double>(scale[channel]);
            offset = static_cast<double>(shift[channel]);
        }
        offset -= static_cast<double>(mean[channel]) * factor;
        T* const w = weights + channel * channel_step;
        for (index_t i = 0; i < count; ++i) w[i * step] = number(static_cast<double>(w[i * step]) * factor);
        bias[channel] = number(static_cast<double>(bias[channel]) * factor + offset);
    }

private:
    XNN_INLINE static T number(double x) { return static_cast<T>(static_cast<compute_t<T>>(x)); }
};

template <class T, class S>
void scale_channels(Cpu, index_t channels, const ChannelScale<T, S>& scale) {
    for (index_t i = 0; i < channels; ++i) scale(i);
}

}  // namespace xnn::kernels
