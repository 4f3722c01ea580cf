// A ring of buffers that a thread of its own fills ahead of their consumer.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "xnn/core/config.hpp"

namespace xnn::data::detail {

/// Calls `fill(k, slot)` for k = 0, 1, … of a round, at most `ahead` items before the one that the consumer holds. The
/// slots and the thread are kept from round to round. With `ahead` 0 there is no thread and the consumer fills them
/// itself.
template <class Slot, class Fill>
class PrefetchRing {
public:
    PrefetchRing(index_t ahead, Fill fill) : fill_(std::move(fill)), slots_(static_cast<std::size_t>(ahead + 1)) {
        if (ahead > 0) worker_ = std::jthread([this] { work(); });
    }
    ~PrefetchRing() {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        changed_.notify_all();
    }  // worker_ joins
    PrefetchRing(const PrefetchRing&) = delete;
    PrefetchRing& operator=(const PrefetchRing&) = delete;

    /// Begins a round of `count` items; no other may be under way.
    void start(index_t count) {
        const std::lock_guard lock(mutex_);
        count_ = count;
        produced_ = held_ = 0;
        error_ = nullptr;
        changed_.notify_all();
    }

    /// Gives item k to the consumer, and the slots of those before it back. Rethrows what filling it threw.
    Slot& get(index_t k) {
        Slot& slot = slot_of(k);
        if (slots_.size() == 1) {
            fill_(k, slot);
            return slot;
        }
        std::unique_lock lock(mutex_);
        held_ = k;
        changed_.notify_all();
        changed_.wait(lock, [&] { return produced_ > k || error_; });
        if (produced_ <= k) std::rethrow_exception(error_);
        return slot;
    }

    /// Ends the round, finished or not; returns when nothing is being filled any more.
    void stop() noexcept {
        std::unique_lock lock(mutex_);
        count_ = 0;
        changed_.wait(lock, [&] { return !filling_; });
        error_ = nullptr;
    }

private:
    Slot& slot_of(index_t k) { return slots_[static_cast<std::size_t>(k) % slots_.size()]; }

    bool has_work() const {
        return produced_ < count_ && produced_ - held_ < static_cast<index_t>(slots_.size()) && !error_;
    }

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return closing_ || has_work(); });
            if (closing_) return;
            const index_t k = produced_;
            filling_ = true;
            lock.unlock();
            std::exception_ptr problem;
            try {
                fill_(k, slot_of(k));
            } catch (...) { problem = std::current_exception(); }
            lock.lock();
            filling_ = false;
            if (problem)
                error_ = std::move(problem);
            else
                ++produced_;
            changed_.notify_all();
        }
    }

    Fill fill_;
    std::vector<Slot> slots_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::exception_ptr error_;
    index_t count_ = 0;     // items of this round
    index_t produced_ = 0;  // items that are filled
    index_t held_ = 0;      // the item that the consumer holds
    bool filling_ = false;
    bool closing_ = false;
    std::jthread worker_;  // last: it ends before what it uses
};

}  // namespace xnn::data::detail
