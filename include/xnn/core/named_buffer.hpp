// A tensor whose type has been erased: what a state dict lists and a checkpoint file holds.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "xnn/core/dtype.hpp"
#include "xnn/core/memory.hpp"

namespace xnn {

/// One entry of a state dict: its name and where its elements stand, row-major. Does not own them.
struct NamedBuffer {
    std::string name;
    Dtype dtype;
    std::vector<index_t> extents;
    void* data;
    bool plain = false;  ///< numbers of the program, which a checkpoint of PyTorch's has as numbers and not as a tensor
    const detail::HostAccess* access = nullptr;  // where the elements are out of the host's reach
    bool requires_grad = false;      ///< of a parameter, where state_dict() was asked to keep_vars
    const void* gradient = nullptr;  ///< the same; null if there is none

    index_t size() const {
        index_t result = 1;
        for (index_t extent : extents) result *= extent;
        return result;
    }
    index_t bytes() const { return size() * size_of(dtype); }

    /// The elements where the host can read them: in their place, or copied into `copy`.
    const void* on_host(std::vector<std::byte>& copy) const {
        if (!access) return data;
        copy.resize(static_cast<std::size_t>(bytes()));
        access->read(copy.data(), data, copy.size());
        return copy.data();
    }
};

/// The entries of a module in PyTorch's order: by registration, a module's own before its children's.
using StateDict = std::vector<NamedBuffer>;

}  // namespace xnn
