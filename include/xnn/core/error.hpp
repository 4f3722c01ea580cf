// The one exception type of the library.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "xnn/core/config.hpp"

namespace xnn {

/// Thrown for every input that can only be judged at run time. The message names the operation or the file, what it
/// expected and what it got; whatever the call was given is unchanged.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Throws Error "operation: expected …, got …".
[[noreturn, gnu::cold, gnu::noinline]] inline void fail(std::string_view operation, std::string_view expected, std::string_view got) {
    std::string message;
    for (const std::string_view part : {operation, std::string_view(": expected "), expected, std::string_view(", got "), got}) message += part;
    throw Error(message);
}

/// Throws Error for a number at some position that must name one of `count`: `fail_index("gather", "an index", 10, 12, 3)`.
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_index(std::string_view operation, std::string_view what, index_t count, index_t got, index_t position) {
    std::string expected(what), found = std::to_string(got);
    expected += " in [0, ";
    expected += std::to_string(count);
    expected += ')';
    found += " at position ";
    found += std::to_string(position);
    fail(operation, expected, found);
}

namespace detail {
[[gnu::noinline]] inline std::string extents_text(const index_t* extents, std::size_t rank, bool may_be_dyn = true) {
    std::string text = "(";
    for (std::size_t i = 0; i < rank; ++i) {
        if (i > 0) text += ", ";
        if (may_be_dyn && extents[i] < 0)
            text += "dyn";
        else
            text += std::to_string(extents[i]);
    }
    text += ')';
    return text;
}
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_extent(index_t extent) { fail("Shape", "extents of at least 0", std::to_string(extent)); }
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_position(const index_t* extents, const index_t* position, std::size_t rank) {
    fail("Tensor::operator()", "a position within " + extents_text(extents, rank), extents_text(position, rank, false));
}
}  // namespace detail

/// Extents as a reader writes them: `(64, 1, 28, 28)`; an extent that is not known yet is `dyn`.
template <class Range>
std::string to_text(const Range& extents) {
    return detail::extents_text(extents.data(), extents.size());
}

}  // namespace xnn
