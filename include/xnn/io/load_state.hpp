// Entries of a file into a state dict, whatever the file's format: all of it is checked before anything is written.
#pragma once

#include <span>
#include <string_view>

#include "xnn/core/load_state.hpp"
#include "xnn/io/stored_tensor.hpp"

namespace xnn::io {

using xnn::LoadResult;

/// Copies entries into the buffers of the same names. Throws one Error that lists everything that does not fit: dtypes
/// and extents always, missing and unexpected names if `strict`. Then the target is unchanged.
inline LoadResult load_state(std::string_view source, std::span<const StoredTensor> entries, const StateDict& target,
                             bool strict = true) {
    return xnn::detail::load_entries(source, entries, target, strict,
                                     [&](const StoredTensor& entry) { check_bools(source, entry); });
}

}  // namespace xnn::io
