// Entries into a state dict, wherever they come from: all of them are checked before anything is written.
#pragma once

#include <concepts>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/derived_memory.hpp"
#include "xnn/core/error.hpp"
#include "xnn/core/named_buffer.hpp"

namespace xnn {

/// What did not meet its counterpart.
struct LoadResult {
    std::vector<std::string> missing_keys;     ///< in the state dict only
    std::vector<std::string> unexpected_keys;  ///< in the source only
};

/// A tensor's type as a reader of a message knows it: `float32 (20, 1, 5, 5)`.
template <class Extents>
std::string describe(Dtype dtype, const Extents& extents) {
    return std::string(name_of(dtype)) + " " + to_text(extents);
}

namespace detail {

inline std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// Elements that stand one after the other, as most entries hold them.
struct CopyBytes {
    template <class Entry>
    void operator()(const Entry& entry, void* to, index_t bytes) const {
        std::memmove(to, entry.data, static_cast<std::size_t>(bytes));
    }
    void operator()(const NamedBuffer& entry, void* to, index_t bytes) const {
        std::vector<std::byte> copy;
        std::memmove(to, entry.on_host(copy), static_cast<std::size_t>(bytes));
    }
};

/// Copies entries (name, dtype, extents, and what copy needs) into the buffers of the same names. Throws one Error that
/// lists everything that does not fit: dtypes and extents always, missing and unexpected names if `strict`. Then the
/// target is unchanged. check(entry) is asked about each entry that has a buffer; copy(entry, to, bytes) must not throw.
template <class Entries, class Check, class Copy = CopyBytes>
LoadResult load_entries(std::string_view source, const Entries& entries, const StateDict& target, bool strict, Check&& check,
                        Copy&& copy = {}) {
    constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::string problems;
    LoadResult result;
    std::vector<std::size_t> chosen(target.size(), none);
    std::vector<bool> claimed(entries.size(), false);
    for (std::size_t b = 0; b < target.size(); ++b) {
        const NamedBuffer& buffer = target[b];
        // Entries mostly stand in the buffers' order: the search begins where the last one was found.
        const std::size_t start = b > 0 && chosen[b - 1] != none ? chosen[b - 1] + 1 : b;
        for (std::size_t k = 0; k < entries.size() && chosen[b] == none; ++k)
            if (const std::size_t i = (start + k) % entries.size(); entries[i].name == buffer.name) chosen[b] = i;
        if (chosen[b] == none) {
            result.missing_keys.push_back(buffer.name);
            continue;
        }
        const auto& entry = entries[chosen[b]];
        claimed[chosen[b]] = true;
        if (entry.dtype != buffer.dtype || entry.extents != buffer.extents)
            problems += "\n  " + buffer.name + " of " + describe(entry.dtype, entry.extents) + " instead of " +
                        describe(buffer.dtype, buffer.extents);
        check(entry);
    }
    // Each entry is compared with the buffers, of which there are few, and not with all others: a file may hold millions.
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (claimed[i]) continue;
        bool again = false;
        for (std::size_t b = 0; b < target.size() && !again; ++b) again = target[b].name == entries[i].name;
        if (again)
            problems += "\n  " + entries[i].name + " twice";
        else
            result.unexpected_keys.push_back(entries[i].name);
    }

    if (strict && !result.missing_keys.empty()) problems += "\n  missing " + joined(result.missing_keys);
    if (strict && !result.unexpected_keys.empty()) problems += "\n  unexpected " + joined(result.unexpected_keys);
    if (!problems.empty()) fail(source, "the entries of the state dict", problems);

    std::vector<std::byte> staged;
    for (std::size_t b = 0; b < target.size(); ++b) {
        const NamedBuffer& to = target[b];
        const index_t bytes = to.bytes();
        if (chosen[b] == none || bytes == 0) continue;
        if (to.access) {
            staged.resize(static_cast<std::size_t>(bytes));
            copy(entries[chosen[b]], staged.data(), bytes);
            to.access->write(to.data, staged.data(), staged.size());
        } else {
            copy(entries[chosen[b]], to.data, bytes);
        }
    }
    state_loads.fetch_add(1, std::memory_order_relaxed);
    return result;
}

}  // namespace detail

/// Copies the entries of another state dict. Throws one Error that lists everything that does not fit, and then changes
/// nothing; missing and unexpected names are errors if `strict`, else results. (A template, so that only programs that
/// load pay for compiling it.)
template <std::same_as<StateDict> Source>
LoadResult load_state(const Source& source, const StateDict& target, bool strict = true) {
    return detail::load_entries("load_state_dict", source, target, strict, [](const NamedBuffer&) {});
}

}  // namespace xnn
