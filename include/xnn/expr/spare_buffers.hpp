// Buffers that come and go in no order: what one gives back is the next one's.
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "xnn/core/workspace.hpp"

namespace xnn::detail {

/// Buffers to spare. There are never more than were in use at once.
template <class Device>
class SpareBuffers {
public:
    /// The smallest that holds so many bytes; if none does, the largest makes room for one that does.
    Buffer<Device> take(std::size_t bytes) {
        Buffer<Device> taken;
        if (!spare_.empty()) {
            const auto place = std::min(first_of(bytes), spare_.end() - 1);
            taken = std::move(*place);
            spare_.erase(place);
        }
        taken.reserve(aligned_size(bytes));
        permit_access<Device>(taken.data(), bytes);
        return taken;
    }
    void give(Buffer<Device> buffer) {
        forbid_access<Device>(buffer.data(), buffer.size());
        spare_.insert(first_of(buffer.size()), std::move(buffer));
    }

    /// Bytes to spare.
    std::size_t bytes() const {
        return std::accumulate(spare_.begin(), spare_.end(), std::size_t{0}, [](std::size_t sum, const auto& buffer) { return sum + buffer.size(); });
    }

private:
    /// The smallest that holds so many bytes.
    auto first_of(std::size_t bytes) {
        return std::lower_bound(spare_.begin(), spare_.end(), bytes, [](const auto& buffer, std::size_t n) { return buffer.size() < n; });
    }
    std::vector<Buffer<Device>> spare_;  // the smallest first
};

}  // namespace xnn::detail
