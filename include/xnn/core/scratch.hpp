// Memory that kernels keep between calls: packed operands, unfolded images.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "xnn/core/config.hpp"

namespace xnn {
namespace detail {

// Uninitialised memory of one thread that only ever grows. Pages start at a page, so that equal offsets in two buffers
// are all that can collide in a cache.
class GrowOnlyBuffer {
public:
    void* reserve(std::size_t bytes) {
        if (bytes > capacity_) {
            memory_.reset();
            capacity_ = 0;
            memory_.reset(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{page})));
            capacity_ = bytes;
        }
        return memory_.get();
    }

private:
    static constexpr std::size_t page = 4096;
    struct Free {
        void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{page}); }
    };
    std::unique_ptr<std::byte, Free> memory_;
    std::size_t capacity_ = 0;
};

}  // namespace detail

/// Uninitialised memory for n elements that the calling thread keeps for one purpose, named by an empty type. A later
/// call for the same purpose hands out the same memory, or moves it to grow; only the first calls allocate.
template <class Purpose, class T>
T* scratch(index_t n) {
    static thread_local detail::GrowOnlyBuffer buffer;
    return static_cast<T*>(buffer.reserve(static_cast<std::size_t>(n) * sizeof(T)));
}

}  // namespace xnn
