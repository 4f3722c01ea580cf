// The rows of a table that have a gradient.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "xnn/core/config.hpp"
#include "xnn/core/device.hpp"

namespace xnn {

/// Which rows of a gradient may be other than zero, as far as every device knows it on the host.
class GradientRows {
public:
    virtual ~GradientRows() = default;

    /// A gradient was written to all of them.
    void add_all() { all_ = true; }
    /// Somebody else may write to any of them.
    void expose() { exposed_ = true; }
    bool all() const { return all_; }

protected:
    bool all_ = true;  // what stands there at first is unknown
    bool exposed_ = false;
};

/// The rows of a gradient on one device.
template <class Device>
class GradientRowsOn;

/// The rows that were added, in that order. Their memory is taken once, and everything costs as much as there are rows in the
/// list, unless others wrote to the gradient.
template <>
class GradientRowsOn<Cpu> final : public GradientRows {
public:
    /// Of a gradient with that many rows, in which there may stand anything.
    explicit GradientRowsOn(index_t entries) : first_use_(static_cast<std::size_t>(entries), -1), listed_(first_use_.size(), 0) {
        rows_.reserve(first_use_.size());
    }

    /// Adds rows that a gradient was added to.
    void add(const index_t* rows, index_t count) {
        for (index_t i = 0; i < count; ++i)
            if (auto& listed = listed_[static_cast<std::size_t>(rows[i])]; !std::exchange(listed, std::uint8_t{1})) rows_.push_back(rows[i]);
    }
    /// Makes the gradient zero and the list empty.
    template <class T>
    void clear(T* gradient, index_t width) {
        if (all_ || exposed_) std::fill_n(gradient, static_cast<index_t>(listed_.size()) * width, static_cast<T>(0));
        all_ = exposed_ = false;
        for (index_t row : rows_) {
            std::fill_n(gradient + row * width, width, static_cast<T>(0));
            listed_[static_cast<std::size_t>(row)] = 0;
        }
        rows_.clear();
    }

    const std::vector<index_t>& list() const { return rows_; }
    /// For kernels: an element for each row, -1 between any two of them.
    index_t* first_use() { return first_use_.data(); }

private:
    std::vector<index_t> rows_;
    std::vector<index_t> first_use_;
    std::vector<std::uint8_t> listed_;
};

}  // namespace xnn
