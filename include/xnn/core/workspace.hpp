// Memory for temporaries: a bump allocator in stack order that grows in the first step and never again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "xnn/core/access.hpp"
#include "xnn/core/device.hpp"
#include "xnn/core/memory.hpp"

namespace xnn {

/// Hands out temporaries in stack order. What it handed out since a mark() goes back with release(mark). It starts empty
/// and takes memory in chunks while it does not know the need; reset() melts them into one, so that later rounds of the
/// same work allocate nothing.
///
/// With XNN_POISON_MEMORY defined, memory is handed out full of NaN; the address sanitizer sees what was not handed out,
/// among it a guard zone behind each buffer.
template <class Device>
class Workspace {
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
        for (std::size_t i = mark.chunk; i < chunk_count_ && i <= chunk_; ++i)
            forbid(chunks_[i], i == mark.chunk ? mark.used : 0);
        chunk_ = mark.chunk;
        used_ = mark.used;
        total_ = mark.total;
    }

    /// Takes back everything.
    void reset() {
        if (chunk_count_ > 1) melt();
        release({0, 0, 0});
    }

    /// The most bytes that were in use at once, each allocation rounded up to `alignment`.
    std::size_t peak() const { return peak_; }
    void reset_peak() { peak_ = total_; }

private:
#ifdef XNN_ASAN
    static constexpr std::size_t guard = alignment;
#else
    static constexpr std::size_t guard = 0;
#endif
    static void forbid(const detail::Buffer<Device>& chunk, std::size_t from) {
        detail::forbid_access<Device>(chunk.data() + from, chunk.size() - from);
    }

    void* allocate_bytes(std::size_t bytes) {
        const std::size_t size = aligned_size(bytes) + guard;
        while (chunk_ < chunk_count_ && used_ + size > chunks_[chunk_].size()) {
            ++chunk_;
            used_ = 0;
        }
        if (chunk_ == chunk_count_) add_chunk(size);
        std::byte* result = chunks_[chunk_].data() + used_;
        used_ += size;
        total_ += size - guard;
        peak_ = std::max(peak_, total_);
        detail::permit_access<Device>(result, bytes);
#ifdef XNN_POISON_MEMORY
        set_bytes(Device{}, result, 0xff, bytes);
#endif
        return result;
    }

    [[gnu::cold, gnu::noinline]] void add_chunk(std::size_t bytes) {
        const std::size_t last = chunk_count_ == 0 ? 2048 : chunks_[chunk_count_ - 1].size();
        chunks_[chunk_count_] = detail::Buffer<Device>(std::max(bytes, 2 * last));
        forbid(chunks_[chunk_count_++], 0);
    }
    [[gnu::cold, gnu::noinline]] void melt() {
        std::size_t capacity = 0;
        for (std::size_t i = 0; i < chunk_count_; ++i) {
            capacity += chunks_[i].size();
            chunks_[i] = detail::Buffer<Device>();
        }
        chunks_[0] = detail::Buffer<Device>(capacity);
        chunk_count_ = 1;
    }

    detail::Buffer<Device> chunks_[48];  // each at least twice as large as the one before: there are never more
    std::size_t chunk_count_ = 0;
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
