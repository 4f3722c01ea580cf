// A batch normalisation folded into the layer in front of it: one launch, a thread for each channel.
#pragma once

#include "xnn/cpu/channel_scale.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels {

/// As scale_channels of the Cpu.
template <class T, class S, cuda::Device D>
void scale_channels(D device, index_t channels, const ChannelScale<T, S>& scale) {
    cuda::launch(device, channels, scale);
}

}  // namespace xnn::kernels
