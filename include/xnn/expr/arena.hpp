// Workspaces that evaluations share, and memory for values, gradients and nodes: all lent by pools, so that a program's second
// round allocates nothing.
#pragma once

#include <new>
#include <utility>

#include "xnn/core/workspace.hpp"
#include "xnn/expr/spare_buffers.hpp"

namespace xnn {

namespace detail {

/// What a thread has to spare, linked by the items' own `next`. Items are deleted with the thread.
template <class Item>
class SpareList {
public:
    SpareList() = default;
    SpareList(const SpareList&) = delete;
    SpareList& operator=(const SpareList&) = delete;
    ~SpareList() {
        while (Item* item = pop()) delete item;
    }
    void swap(SpareList& other) { std::swap(first_, other.first_); }
    /// Null if there is none.
    Item* pop() {
        Item* item = first_;
        if (item) first_ = item->next;
        return item;
    }
    void push(Item* item) {
        item->next = first_;
        first_ = item;
    }

private:
    Item* first_ = nullptr;
};

}  // namespace detail

/// A workspace that knows how many values in it are alive.
template <class Device>
class Arena : public Workspace<Device> {
public:
    /// Says that something stays here until the arena is given back: no scope around it may release what it handed out.
    void keep() { ++kept_; }
    index_t kept() const { return kept_; }

private:
    template <class>
    friend class Lease;
    friend detail::SpareList<Arena>;
    index_t references_ = 0, kept_ = 0;
    Arena* next = nullptr;
};

/// What a thread has to spare of a device's memory. Exchanged for another, it gives work memory of its own.
template <class Device>
struct SpareMemory {
    static SpareMemory& of_thread() {
        static thread_local SpareMemory memory;
        return memory;
    }
    void swap(SpareMemory& other) {
        arenas.swap(other.arenas);
        std::swap(buffers, other.buffers);
    }
    detail::SpareList<Arena<Device>> arenas;
    detail::SpareBuffers<Device> buffers;
};

/// A share in an arena: it goes back to its thread's pool when the last share is gone.
template <class Device>
class Lease {
public:
    Lease() = default;
    explicit Lease(Arena<Device>& arena) : arena_(&arena) { ++arena.references_; }

    static Lease take() {
        Arena<Device>* arena = spare().pop();
        return Lease(arena ? *arena : *new Arena<Device>());
    }
    Lease(const Lease& other) : arena_(other.arena_) {
        if (arena_) ++arena_->references_;
    }
    Lease(Lease&& other) noexcept : arena_(std::exchange(other.arena_, nullptr)) {}
    Lease& operator=(Lease other) noexcept {
        std::swap(arena_, other.arena_);
        return *this;
    }
    ~Lease() {
        if (arena_ && --arena_->references_ == 0) give_back(*arena_);
    }
    Arena<Device>& arena() const { return *arena_; }

private:
    static detail::SpareList<Arena<Device>>& spare() { return SpareMemory<Device>::of_thread().arenas; }
    [[gnu::noinline]] static void give_back(Arena<Device>& arena) {
        arena.reset();
        spare().push(&arena);
    }
    Arena<Device>* arena_ = nullptr;
};

/// Gives back at its end what an arena handed out since its beginning, unless something in there was kept.
template <class Device>
class ArenaScope {
public:
    explicit ArenaScope(Arena<Device>& arena) : arena_(arena), mark_(arena.mark()), kept_(arena.kept()) {}
    ~ArenaScope() {
        if (arena_.kept() == kept_) arena_.release(mark_);
    }
    ArenaScope(const ArenaScope&) = delete;
    ArenaScope& operator=(const ArenaScope&) = delete;

private:
    Arena<Device>& arena_;
    typename Arena<Device>::Mark mark_;
    index_t kept_;
};

/// The owner of a buffer that goes back to what its thread has to spare: memory of values and gradients.
template <class Device>
class SpareBuffer {
public:
    SpareBuffer() = default;
    explicit SpareBuffer(std::size_t bytes) : buffer_(SpareMemory<Device>::of_thread().buffers.take(bytes)) {
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
        if (buffer_.data()) SpareMemory<Device>::of_thread().buffers.give(std::move(buffer_));
    }
    void* data() const { return buffer_.data(); }

private:
    detail::Buffer<Device> buffer_;
};

/// Where a result of T may go: memory that is there, or a buffer that is taken when it is asked for, after what the result is
/// computed from has been evaluated; or nowhere.
template <class T, class Device>
struct Into {
    T* memory = nullptr;
    SpareBuffer<Device>* buffer = nullptr;

    T* take(index_t n) {
        if (!memory && buffer) {
            *buffer = SpareBuffer<Device>(static_cast<std::size_t>(n) * sizeof(T));
            memory = static_cast<T*>(buffer->data());
        }
        return memory;
    }
};

namespace detail {

/// Memory for nodes, kept by size.
class NodePool {
public:
    static void* allocate(std::size_t bytes) {
        if (bytes > largest) return ::operator new(bytes);
        void* p = spare(bytes).pop();
        return p ? p : ::operator new(rounded(bytes));
    }
    static void release(void* p, std::size_t bytes) {
        if (bytes > largest)
            ::operator delete(p);
        else
            spare(bytes).push(new (p) Block);
    }

private:
    struct Block {
        Block* next;
        static void operator delete(void* p) { ::operator delete(p); }
        static void* operator new(std::size_t, void* p) { return p; }
    };
    static constexpr std::size_t step = 64, largest = 4096;
    static constexpr std::size_t rounded(std::size_t bytes) { return (bytes / step + 1) * step; }
    static SpareList<Block>& spare(std::size_t bytes) {
        static thread_local SpareList<Block> by_size[largest / step + 1];
        return by_size[bytes / step];
    }
};

}  // namespace detail

}  // namespace xnn
