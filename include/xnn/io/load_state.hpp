// Entries of a file into a state dict, whatever the file's format: all of it is checked before anything is written.
#pragma once

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/named_buffer.hpp"
#include "xnn/io/stored_tensor.hpp"

namespace xnn::io {

/// What did not meet its counterpart.
struct LoadResult {
    std::vector<std::string> missing_keys;     ///< in the state dict only
    std::vector<std::string> unexpected_keys;  ///< in the file only
};

namespace detail {
inline std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}
}  // namespace detail

/// Copies entries into the buffers of the same names. Throws one Error that lists everything that does not fit: dtypes
/// and extents always, missing and unexpected names if `strict`. Then the target is unchanged.
inline LoadResult load_state(std::string_view source, std::span<const StoredTensor> entries, const StateDict& target,
                             bool strict = true) {
    std::map<std::string_view, const StoredTensor*> unclaimed;
    std::string problems;
    for (const auto& entry : entries)
        if (!unclaimed.emplace(entry.name, &entry).second) problems += "\n  " + entry.name + " twice";

    LoadResult result;
    std::vector<std::pair<const NamedBuffer*, const StoredTensor*>> copies;
    for (const auto& buffer : target) {
        const auto found = unclaimed.find(buffer.name);
        if (found == unclaimed.end()) {
            result.missing_keys.push_back(buffer.name);
            continue;
        }
        const StoredTensor& entry = *found->second;
        if (entry.dtype != buffer.dtype || entry.extents != buffer.extents)
            problems += "\n  " + buffer.name + " of " + describe(entry.dtype, entry.extents) + " instead of " +
                        describe(buffer.dtype, buffer.extents);
        check_bools(source, entry);
        copies.emplace_back(&buffer, &entry);
        unclaimed.erase(found);
    }
    for (const auto& entry : entries)
        if (unclaimed.contains(entry.name)) result.unexpected_keys.push_back(entry.name);

    if (strict && !result.missing_keys.empty()) problems += "\n  missing " + detail::joined(result.missing_keys);
    if (strict && !result.unexpected_keys.empty())
        problems += "\n  unexpected " + detail::joined(result.unexpected_keys);
    if (!problems.empty()) fail(source, "the entries of the state dict", problems);

    for (const auto& [buffer, entry] : copies)
        if (buffer->bytes() != 0) std::memcpy(buffer->data, entry->data, static_cast<std::size_t>(buffer->bytes()));
    return result;
}

}  // namespace xnn::io
