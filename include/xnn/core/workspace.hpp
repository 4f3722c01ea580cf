// Memory for temporaries: a bump allocator in stack order that grows in the first step and never again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "xnn/core/config.hpp"
#include "xnn/core/device.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define XNN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XNN_ASAN 1
#endif
#endif
#ifdef XNN_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace xnn {

/// Alignment of every buffer, in bytes: a cache line, and the widest SIMD register.
inline constexpr std::size_t alignment = 64;

/// Bytes that an allocation of this size takes in a Workspace.
constexpr std::size_t aligned_size(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

template <class Device>
class Workspace;

/// Hands out temporaries in stack order. What it handed out since a mark() goes back with release(mark). It starts empty
/// and takes memory in chunks while it does not know the need; reset() melts them into one, so that later rounds of the
/// same work allocate nothing.
///
/// With XNN_POISON_MEMORY defined, memory is handed out full of NaN; the address sanitizer sees what was not handed out,
/// among it a guard zone behind each buffer.
template <>
class Workspace<Cpu> {
public:
    struct Mark {
        std::size_t chunk;
        std::size_t used;
        std::size_t total;
    };

    Workspace() = default;
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    /// Uninitialised memory for n elements, aligned to `alignment`.
    template <class T>
    T* allocate(index_t n) {
        return static_cast<T*>(allocate_bytes(static_cast<std::size_t>(n) * sizeof(T)));
    }

    Mark mark() const { return {chunk_, used_, total_}; }

    /// Takes back everything that was handed out since the mark.
    void release(Mark mark) {
        for (std::size_t i = mark.chunk; i < chunks_.size() && i <= chunk_; ++i)
            forbid(chunks_[i], i == mark.chunk ? mark.used : 0);
        chunk_ = mark.chunk;
        used_ = mark.used;
        total_ = mark.total;
    }

    /// Takes back everything.
    void reset() {
        if (chunks_.size() > 1) {
            std::size_t capacity = 0;
            for (const auto& chunk : chunks_) capacity += chunk.capacity;
            chunks_.clear();
            chunks_.push_back(Chunk(capacity));
        }
        release({0, 0, 0});
    }

    /// The most bytes that were in use at once, each allocation rounded up to `alignment`.
    std::size_t peak() const { return peak_; }
    void reset_peak() { peak_ = total_; }

private:
    struct Free {
        void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t{alignment}); }
    };
    struct Chunk {
        explicit Chunk(std::size_t bytes)
            : memory(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{alignment}))), capacity(bytes) {}
        std::unique_ptr<std::byte, Free> memory;
        std::size_t capacity;
    };
#ifdef XNN_ASAN
    static constexpr std::size_t guard = alignment;
    static void permit(std::byte* p, std::size_t bytes) { ASAN_UNPOISON_MEMORY_REGION(p, bytes); }
    static void forbid(const Chunk& chunk, std::size_t from) {
        ASAN_POISON_MEMORY_REGION(chunk.memory.get() + from, chunk.capacity - from);
    }
#else
    static constexpr std::size_t guard = 0;
    static void permit(std::byte*, std::size_t) {}
    static void forbid(const Chunk&, std::size_t) {}
#endif

    void* allocate_bytes(std::size_t bytes) {
        const std::size_t size = aligned_size(bytes) + guard;
        while (chunk_ < chunks_.size() && used_ + size > chunks_[chunk_].capacity) {
            ++chunk_;
            used_ = 0;
        }
        if (chunk_ == chunks_.size()) {
            std::size_t capacity = std::max<std::size_t>(size, 4096);
            for (const auto& chunk : chunks_) capacity = std::max(capacity, chunk.capacity * 2);
            chunks_.push_back(Chunk(capacity));
            forbid(chunks_.back(), 0);
        }
        std::byte* result = chunks_[chunk_].memory.get() + used_;
        used_ += size;
        total_ += size - guard;
        peak_ = std::max(peak_, total_);
        permit(result, bytes);
#ifdef XNN_POISON_MEMORY
        std::memset(result, 0xff, bytes);
#endif
        return result;
    }

    std::vector<Chunk> chunks_;
    std::size_t chunk_ = 0;  // the chunk that is being filled
    std::size_t used_ = 0;   // bytes of it in use
    std::size_t total_ = 0;  // bytes in use, all chunks
    std::size_t peak_ = 0;
};

/// Gives back at the end of a scope what a workspace handed out within it.
template <class Device>
class WorkspaceScope {
public:
    explicit WorkspaceScope(Workspace<Device>& workspace) : workspace_(workspace), mark_(workspace.mark()) {}
    ~WorkspaceScope() { workspace_.release(mark_); }
    WorkspaceScope(const WorkspaceScope&) = delete;
    WorkspaceScope& operator=(const WorkspaceScope&) = delete;

private:
    Workspace<Device>& workspace_;
    typename Workspace<Device>::Mark mark_;
};

}  // namespace xnn
