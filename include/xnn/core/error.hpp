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
[[noreturn]] inline void fail(std::string_view operation, std::string_view expected, std::string_view got) {
    throw Error(std::string(operation) + ": expected " + std::string(expected) + ", got " + std::string(got));
}

/// Extents as a reader writes them: `(64, 1, 28, 28)`; an extent that is not known yet is `dyn`.
template <class Range>
std::string to_text(const Range& extents) {
    std::string text = "(";
    for (bool first = true; auto extent : extents) {
        if (!first) text += ", ";
        first = false;
        text += extent < 0 ? std::string("dyn") : std::to_string(extent);
    }
    return text + ")";
}

}  // namespace xnn
