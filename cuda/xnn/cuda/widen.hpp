// Numbers of 16 bits and of 32 from each other.
#pragma once

#include "xnn/cpu/widen.hpp"
#include "xnn/cuda/launch.hpp"

namespace xnn::kernels {

namespace widen_detail {
template <class From, class To>
struct Convert {
    const From* from;
    To* to;
    XNN_INLINE void operator()(index_t i) const { to[i] = static_cast<To>(static_cast<float>(from[i])); }
};
}  // namespace widen_detail

/// As convert_numbers of the Cpu.
template <class From, class To, cuda::Device D>
void convert_numbers(D device, const From* from, index_t n, To* to) {
    cuda::launch(device, n, widen_detail::Convert<From, To>{from, to});
}

}  // namespace xnn::kernels
