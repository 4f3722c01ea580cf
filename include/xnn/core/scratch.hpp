// Memory that kernels keep between calls: packed operands, unfolded images.
#pragma once

#include "xnn/core/memory.hpp"

namespace xnn {

/// Uninitialised memory for n elements that the calling thread keeps for one purpose, named by an empty type. A later
/// call for the same purpose hands out the same memory, or moves it to grow; only the first calls allocate.
template <class Purpose, class T>
T* scratch(index_t n) {
    static thread_local detail::Buffer<Cpu> buffer;
    buffer.reserve(static_cast<std::size_t>(n) * sizeof(T));
    return reinterpret_cast<T*>(buffer.data());
}

}  // namespace xnn
