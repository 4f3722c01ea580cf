// Memory of values and gradients, which come and go in no order: what one gives back is the next one's.
#pragma once

#include <array>
#include <utility>

#include "xnn/core/memory.hpp"

namespace xnn::detail {

/// Buffers that a thread has to spare.
template <class Device>
class SpareBuffers {
public:
    /// The smallest that holds so many bytes, or a new one.
    Buffer<Device> take(std::size_t bytes) {
        std::size_t best = count_;
        for (std::size_t i = 0; i < count_; ++i)
            if (sizes_[i] >= bytes && (best == count_ || sizes_[i] < sizes_[best])) best = i;
        if (best == count_) return Buffer<Device>(aligned_size(bytes));
        --count_;
        std::swap(sizes_[best], sizes_[count_]);
        std::swap(buffers_[best], buffers_[count_]);
        return std::move(buffers_[count_]);
    }
    /// One too many is freed.
    void give(Buffer<Device> buffer) {
        if (count_ == most) return;
        sizes_[count_] = buffer.size();
        buffers_[count_++] = std::move(buffer);
    }

private:
    static constexpr std::size_t most = 64;
    std::array<std::size_t, most> sizes_{};
    std::array<Buffer<Device>, most> buffers_;
    std::size_t count_ = 0;
};

/// The owner of a buffer that goes back to its thread's spare ones.
template <class Device>
class SpareBuffer {
public:
    SpareBuffer() = default;
    explicit SpareBuffer(std::size_t bytes) : buffer_(spare().take(bytes)) {
#ifdef XNN_POISON_MEMORY
        set_bytes(Device{}, buffer_.data(), 0xff, bytes);
#endif
    }
    SpareBuffer(SpareBuffer&&) noexcept = default;
    SpareBuffer& operator=(SpareBuffer&& other) noexcept {
        std::swap(buffer_, other.buffer_);
        return *this;
    }
    ~SpareBuffer() {
        if (buffer_.data()) spare().give(std::move(buffer_));
    }
    void* data() const { return buffer_.data(); }

private:
    static SpareBuffers<Device>& spare() {
        static thread_local SpareBuffers<Device> buffers;
        return buffers;
    }
    Buffer<Device> buffer_;
};

}  // namespace xnn::detail
