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
    throw Error(std::string(operation) + ": expected " + std::string(expected) + ", got " + std::string(got));
}

namespace detail {
[[gnu::noinline]] inline std::string extents_text(const index_t* extents, std::size_t rank, bool may_be_dyn = true) {
    std::string text = "(";
    for (std::size_t i = 0; i < rank; ++i) {
        if (i > 0) text += ", ";
        text += may_be_dyn && extents[i] < 0 ? std::string("dyn") : std::to_string(extents[i]);
    }
    return text + ")";
}
}  // namespace detail

/// Extents as a reader writes them: `(64, 1, 28, 28)`; an extent that is not known yet is `dyn`.
template <class Range>
std::string to_text(const Range& extents) {
    return detail::extents_text(extents.data(), extents.size());
}

}  // namespace xnn
