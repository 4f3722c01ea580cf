// Memory for temporaries: a bump allocator in stack order that grows in the first step and never again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "xnn/core/device.hpp"
#include "xnn/core/memory.hpp"
#include "xnn/core/sanitizer.hpp"

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
        for (std::size_t i = mark.chunk; i < chunks_.size() && i <= chunk_; ++i)
            forbid(chunks_[i], i == mark.chunk ? mark.used : 0);
        chunk_ = mark.chunk;
        used_ = mark.used;
        total_ = mark.total;
    }

    /// Takes back everything.
    void reset() {
        if (chunks_.size() > 1) melt();
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
        while (chunk_ < chunks_.size() && used_ + size > chunks_[chunk_].size()) {
            ++chunk_;
            used_ = 0;
        }
        if (chunk_ == chunks_.size()) add_chunk(size);
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

    /// As much again while that is little, then an eighth more.
    [[gnu::cold, gnu::noinline]] void add_chunk(std::size_t bytes) {
        constexpr std::size_t least = 2048, little = std::size_t{1} << 20;
        const std::size_t more = std::max(std::min(capacity_, little), capacity_ / 8);
        take_chunk(std::max({bytes, more, least}));
    }
    /// One chunk for the most that was in use, and an eighth more, so that work that grows does not come here each time.
    [[gnu::cold, gnu::noinline]] void melt() {
        const std::size_t needed = guard == 0 ? peak_ + peak_ / 8 : capacity_;
        chunks_.clear();  // before the new memory is taken, not after
        capacity_ = 0;
        take_chunk(needed);
    }
    void take_chunk(std::size_t bytes) {
        chunks_.emplace_back(bytes);
        capacity_ += bytes;
        forbid(chunks_.back(), 0);
    }

    std::vector<detail::Buffer<Device>> chunks_;
    std::size_t capacity_ = 0;  // bytes of all chunks
    std::size_t chunk_ = 0;     // the chunk that is being filled
    std::size_t used_ = 0;      // bytes of it in use
    std::size_t total_ = 0;     // bytes in use, all chunks
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
