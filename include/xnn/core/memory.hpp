// Aligned memory and its owner.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

#include "xnn/core/config.hpp"

namespace xnn {

/// Alignment of every buffer, in bytes: a cache line, and the widest SIMD register.
inline constexpr std::size_t alignment = 64;

/// Bytes that an allocation of this size takes in a Workspace.
constexpr std::size_t aligned_size(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

namespace detail {

/// Owns uninitialised bytes. Large buffers start at a page, so that equal offsets in two of them are all that can collide
/// in a cache.
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t bytes) : data_(static_cast<std::byte*>(::operator new(bytes, align_of(bytes)))), bytes_(bytes) {}
    Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Buffer() {
        if (data_) release();
    }

    std::byte* data() const { return data_; }
    std::size_t size() const { return bytes_; }

    /// At least so many bytes, what they held being lost where they had to grow.
    [[gnu::noinline]] void reserve(std::size_t bytes) {
        if (bytes <= bytes_) return;
        *this = Buffer();  // before the new memory is taken, not after
        *this = Buffer(aligned_size(bytes));
    }
    [[gnu::noinline]] void reserve_zeros(std::size_t bytes) {
        reserve(bytes);
        if (bytes > 0) std::memset(data_, 0, bytes);
    }

private:
    [[gnu::noinline]] void release() { ::operator delete(data_, align_of(bytes_)); }
    static std::align_val_t align_of(std::size_t bytes) {
        constexpr std::size_t page = 4096;
        return std::align_val_t{bytes >= 16 * page ? page : alignment};
    }
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace detail

}  // namespace xnn
