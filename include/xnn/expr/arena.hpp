// Workspaces that evaluations share, and memory for nodes: both lent by pools, so that a program's second round allocates
// nothing.
#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "xnn/core/workspace.hpp"

namespace xnn {

/// A workspace that knows how many values in it are alive.
template <class Device>
class Arena : public Workspace<Device> {
    template <class>
    friend class Lease;
    index_t references_ = 0;
};

/// A share in an arena: it goes back to its thread's pool when the last share is gone.
template <class Device>
class Lease {
public:
    Lease() = default;
    explicit Lease(Arena<Device>& arena) : arena_(&arena) { ++arena.references_; }

    static Lease take() {
        auto& pool = free_arenas();
        if (pool.empty()) pool.push_back(std::make_unique<Arena<Device>>());
        Lease lease(*pool.back().release());
        pool.pop_back();
        return lease;
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
        if (!arena_ || --arena_->references_ > 0) return;
        arena_->reset();
        free_arenas().emplace_back(arena_);
    }
    Arena<Device>& arena() const { return *arena_; }

private:
    static std::vector<std::unique_ptr<Arena<Device>>>& free_arenas() {
        static thread_local std::vector<std::unique_ptr<Arena<Device>>> pool;
        return pool;
    }
    Arena<Device>* arena_ = nullptr;
};

namespace detail {

/// Memory for nodes, kept by size.
class NodePool {
public:
    static void* allocate(std::size_t bytes) {
        if (bytes > largest) return ::operator new(bytes);
        auto& free = lists().free[bytes / step];
        if (free.empty()) return ::operator new((bytes / step + 1) * step);
        void* p = free.back();
        free.pop_back();
        return p;
    }
    static void release(void* p, std::size_t bytes) {
        if (bytes > largest)
            ::operator delete(p);
        else
            lists().free[bytes / step].push_back(p);
    }

private:
    static constexpr std::size_t step = 64, largest = 4096;
    struct Lists {
        std::vector<void*> free[largest / step + 1];
        ~Lists() {
            for (auto& list : free)
                for (void* p : list) ::operator delete(p);
        }
    };
    static Lists& lists() {
        static thread_local Lists all;
        return all;
    }
};

}  // namespace detail

}  // namespace xnn
