// Device tags: kernels, tensors and workspaces are chosen by overload on them.
#pragma once

namespace xnn {

/// Computes on the host, with SIMD through xsimd and threads through OpenMP where it is linked.
struct Cpu {};

/// Computes nothing: carries only shapes and dtypes, as PyTorch's meta device does. Shape rules, FLOP counts and
/// summaries are models applied to expressions on this device.
struct Meta {};

}  // namespace xnn
