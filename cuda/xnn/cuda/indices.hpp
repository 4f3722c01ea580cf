// Indices that kernels pick with. Where the host can read them they are judged before the run, as on the Cpu. Those of a GPU are
// judged by the kernels that use them: they skip a bad one and leave a note, for which synchronize() throws.
#pragma once

#include <concepts>

#include "xnn/cpu/embedding.hpp"
#include "xnn/cuda/runtime.hpp"

namespace xnn {

namespace cuda {

/// Judges the indices of a kernel, as a member of its functor: `guard_of(device)`.
struct IndexGuard {
    int* bad;  // where an index out of range is noted; null: they have been judged

    /// Whether an index is in [0, n).
    XNN_INLINE bool admits(index_t index, index_t n) const {
        if (index >= 0 && index < n) return true;
        if (bad) *bad = 1;
        return false;
    }
};

template <Device D>
IndexGuard guard_of(D) {
#ifdef __CUDACC__
    if constexpr (std::is_same_v<D, Cuda>) return {detail::bad_index()};
#endif
    return {nullptr};
}

}  // namespace cuda

namespace kernels {

/// As check_indices of the Cpu; of the indices of a GPU it says that they are good.
template <std::integral I, cuda::Device D>
index_t check_indices(D device, const I* indices, index_t n, index_t entries) {
    if constexpr (xnn::detail::is_host_memory<D>) {
        await(device);
        return check_indices(Cpu{}, indices, n, entries);
    } else {
        return -1;
    }
}

}  // namespace kernels
}  // namespace xnn
