// Memory that holds what was computed from a module's state, until the state changes.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>

#include "xnn/core/memory.hpp"

namespace xnn {

namespace detail {
/// How often entries have been loaded into state dicts: what was derived before may be of another state.
inline std::atomic<unsigned> state_loads = 0;
}  // namespace detail

/// What a constant operand becomes for a kernel that wants it in another form: computed where it is first wanted, by
/// whichever thread, and again after forget() or after anything has been loaded into a state dict.
class DerivedMemory {
public:
    /// So many bytes that fill(memory) has written; they stay as they are as long as they are held.
    template <class Fill>
    detail::Buffer<Cpu> get(std::size_t bytes, const Fill& fill) {
        const std::lock_guard lock(mutex_);
        const unsigned loads = detail::state_loads.load(std::memory_order_relaxed);
        if (memory_.data() == nullptr || loads != loads_) {
            detail::Buffer<Cpu> memory(bytes);
            fill(memory.data());
            memory_ = std::move(memory);
            loads_ = loads;
        }
        return memory_;
    }
    void forget() {
        const std::lock_guard lock(mutex_);
        memory_ = {};
    }

private:
    std::mutex mutex_;
    detail::Buffer<Cpu> memory_;
    unsigned loads_ = 0;
};

}  // namespace xnn
