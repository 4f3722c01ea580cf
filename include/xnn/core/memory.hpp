// Aligned memory and its owners.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

#include "xnn/core/config.hpp"
#include "xnn/core/device.hpp"
#include "xnn/core/huge_pages.hpp"

namespace xnn {

/// Alignment of every buffer, in bytes: a cache line, and the widest SIMD register.
inline constexpr std::size_t alignment = 64;

/// Bytes that an allocation of this size takes in a Workspace.
constexpr std::size_t aligned_size(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

namespace kernels {

// The memory of a device: each has these two beside its Buffer.

/// Sets each byte.
inline void set_bytes(Cpu, void* p, int value, std::size_t bytes) {
    if (bytes > 0) std::memset(p, value, bytes);
}
/// Copies bytes from one device to another; what is copied to the host is there when this returns.
inline void copy_bytes(Cpu, void* to, Cpu, const void* from, std::size_t bytes) {
    if (bytes > 0) std::memcpy(to, from, bytes);
}

/// Sets n elements to a number.
template <class T>
void fill(Cpu, T* p, index_t n, T value) { std::fill_n(p, n, value); }

}  // namespace kernels

namespace detail {

/// How the host reaches the memory of a device that is known by nothing but this.
struct HostAccess {
    void (*read)(void* to, const void* memory, std::size_t bytes);
    void (*write)(void* memory, const void* from, std::size_t bytes);
};
template <class Device>
inline constexpr HostAccess host_access_of{
    [](void* to, const void* memory, std::size_t bytes) { copy_bytes(Cpu{}, to, Device{}, memory, bytes); },
    [](void* memory, const void* from, std::size_t bytes) { copy_bytes(Device{}, memory, Cpu{}, from, bytes); }};
/// Null where the host reads and writes the memory as its own.
template <class Device>
constexpr const HostAccess* host_access() {
    if constexpr (is_host_memory<Device>)
        return nullptr;
    else
        return &host_access_of<Device>;
}

/// Where tests read the memory of a GPU from the host, the work that writes it must be done first.
template <class Device>
void await_for_tests() {
#ifdef XNN_CUDA_MEMORY_ON_HOST
    if constexpr (std::is_same_v<Device, Cuda>) await(Device{});
#endif
}

/// Uninitialised bytes in the memory of a device, shared by all copies of the object: the last one frees them.
template <class Device>
class Buffer;

template <>
class Buffer<Cpu> {
public:
    Buffer() = default;
    explicit Buffer(std::size_t bytes) {
        const std::size_t gap = next_gap(bytes);
        auto* const memory = static_cast<std::byte*>(::operator new(gap + header_size + bytes, align_of(bytes)));
        if (bytes >= 2 * huge_page) prefer_huge_pages(memory, gap + header_size + bytes);
        data_ = memory + gap + header_size;
        new (data_ - header_size) Header{1, bytes, gap, nullptr};
    }
    /// Memory that processes share, with `header_size` bytes in front of it that each has for itself, so that each counts its own owners.
    Buffer(std::byte* shared, std::size_t bytes, void (*unmap)(std::byte* shared, std::size_t bytes)) noexcept : data_(shared) {
        new (data_ - header_size) Header{1, bytes, 0, unmap};
    }
    Buffer(const Buffer& other) : data_(other.data_) {
        if (data_) ++header().references;
    }
    Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    Buffer& operator=(Buffer other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    ~Buffer() {
        if (data_) release();
    }

    std::byte* data() const { return data_; }
    std::size_t size() const { return data_ ? header().bytes : 0; }
    bool is_shared() const { return data_ && header().unmap; }

    /// At least so many bytes, what they held being lost where they had to grow.
    [[gnu::noinline]] void reserve(std::size_t bytes) {
        if (bytes <= size()) return;
        *this = Buffer();  // before the new memory is taken, not after
        *this = Buffer(aligned_size(bytes));
    }

    static constexpr std::size_t header_size = alignment;  // stands before the data

private:
    struct Header {
        std::atomic<std::ptrdiff_t> references;
        std::size_t bytes;
        std::size_t gap;                             // in front of the header
        void (*unmap)(std::byte*, std::size_t);      // of memory that processes share, else null
    };
    static constexpr std::size_t page = 4096, large = 16 * page;

    Header& header() const { return *reinterpret_cast<Header*>(data_ - header_size); }
    [[gnu::noinline]] void release() {
        if (--header().references != 0) return;
        if (header().unmap)
            header().unmap(data_, header().bytes);
        else
            ::operator delete(data_ - header_size - header().gap, align_of(header().bytes));
    }
    /// Large buffers begin at places of a page that are far apart: loops go through several at equal offsets, and processors take
    /// equal places in pages for the same memory until they have looked twice.
    static std::size_t next_gap(std::size_t bytes) {
        static std::atomic<std::size_t> buffers = 0;
        constexpr std::size_t stride = 27;  // the golden section of the 64 lines of a page
        return bytes < large ? 0 : buffers.fetch_add(1, std::memory_order_relaxed) * stride * alignment % page;
    }
    static std::align_val_t align_of(std::size_t bytes) {
        return std::align_val_t{bytes < large ? alignment : bytes < 2 * huge_page ? page : huge_page};
    }
    std::byte* data_ = nullptr;
};

/// Moves of elements into memory that processes share. Defined in xnn/core/shared_memory.hpp.
template <class Owner>
struct SharedMoves;

/// Moves what add(moves) adds to them into memory that processes share: all of it, or nothing and an Error.
template <class Owner, class Add>
void share_memory(const Add& add) {
    constexpr bool included = requires { sizeof(SharedMoves<Owner>); };
    static_assert(included, "memory that processes share needs #include <xnn/core/shared_memory.hpp>");
    if constexpr (included) {
        SharedMoves<Owner> moves;
        add(moves);
        moves.run();
    }
}

}  // namespace detail

}  // namespace xnn
