// The rows of a table that have a gradient, as the device knows them.
#pragma once

#include "xnn/cuda/memory.hpp"
#include "xnn/expr/gradient_rows.hpp"

namespace xnn {

/// A mark for each row, in the device's memory, which is taken once.
template <class D>
    requires detail::is_cuda<D>
class GradientRowsOn<D> final : public GradientRows {
public:
    /// Of a gradient with that many rows, in which there may stand anything.
    explicit GradientRowsOn(index_t entries) : entries_(entries), marks_(static_cast<std::size_t>(entries)) {}

    /// Makes the gradient zero and marks no row. All of the gradient, because the host does not know what the runs of a graph wrote.
    template <class T>
    void clear(T* gradient, index_t width) {
        set_bytes(D{}, gradient, 0, static_cast<std::size_t>(entries_ * width) * sizeof(T));
        set_bytes(D{}, marks(), 0, static_cast<std::size_t>(entries_));
        all_ = exposed_ = false;
    }

    /// For kernels: other than 0 for rows with a gradient.
    std::uint8_t* marks() const { return reinterpret_cast<std::uint8_t*>(marks_.data()); }
    /// The rows in their order; waits for the device.
    std::vector<index_t> list() const {
        std::vector<std::uint8_t> marked(static_cast<std::size_t>(entries_));
        copy_bytes(Cpu{}, marked.data(), D{}, marks(), marked.size());
        std::vector<index_t> rows;
        for (index_t row = 0; row < entries_; ++row)
            if (marked[static_cast<std::size_t>(row)]) rows.push_back(row);
        return rows;
    }

private:
    index_t entries_;
    detail::Buffer<D> marks_;
};

}  // namespace xnn
