// Indices that pick from an array are judged before the run.
#pragma once

#include <string_view>

#include "xnn/core/error.hpp"
#include "xnn/cpu/embedding.hpp"

namespace xnn::detail {

/// Throws Error for an index that is not in [0, n).
void require_indices(std::string_view name, auto indices, index_t n) {
    const index_t bad = check_indices(typename decltype(indices)::device{}, indices.data, indices.size(), n);
    if (bad >= 0) fail_index(name, "an index", n, static_cast<index_t>(indices.data[bad]), bad);
}

}  // namespace xnn::detail
