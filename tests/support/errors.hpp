// What a call complains about.
#pragma once

#include <string>

#include "xnn/core/error.hpp"

/// The message of the xnn::Error that a call throws; empty if it throws none.
template <class Call>
std::string error_of(Call&& call) {
    try {
        call();
    } catch (const xnn::Error& error) { return error.what(); }
    return "";
}

/// True if all of these words stand in a text.
template <class... Words>
bool mentions(const std::string& text, const Words&... words) {
    return ((text.find(words) != std::string::npos) && ...);
}

/// Requires that a call throws xnn::Error with these words in its message.
#define REQUIRE_ERROR(call, ...)                             \
    do {                                                     \
        const std::string message = error_of([&] { call; }); \
        INFO("message: " << message);                        \
        REQUIRE(mentions(message, __VA_ARGS__));             \
    } while (false)
