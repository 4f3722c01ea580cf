// Pieces of C++ text.
#pragma once

#include <cctype>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/dtype.hpp"
#include "xnn/core/shape.hpp"

namespace xnn::onnx::codegen {

/// "1, 2, 3"
template <class List>
std::string joined(const List& list) {
    std::string text;
    for (const auto& one : list) {
        if (!text.empty()) text += ", ";
        if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(one)>>)
            text += std::to_string(one);
        else
            text += one;
    }
    return text;
}

/// "f(a, b)"
inline std::string call(const std::string& function, const std::vector<std::string>& arguments) { return function + "(" + joined(arguments) + ")"; }
/// "f<1, 2>"
inline std::string of(const std::string& name, const std::vector<index_t>& arguments) { return name + "<" + joined(arguments) + ">"; }

/// A shape as a type.
inline std::string shape_text(const std::vector<index_t>& extents) {
    std::vector<std::string> parts;
    for (const index_t extent : extents) parts.push_back(extent == dyn ? "xnn::dyn" : std::to_string(extent));
    return "xnn::Shape<" + joined(parts) + ">";
}

/// A number as a literal.
inline std::string number_text(double value) {
    if (std::isnan(value)) return "std::numeric_limits<double>::quiet_NaN()";
    if (std::isinf(value)) return std::string(value < 0 ? "-" : "") + "std::numeric_limits<double>::infinity()";
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    std::string result = text;
    if (result.find_first_of(".e") == std::string::npos) result += ".0";
    return result;
}

inline std::string dtype_text(Dtype dtype) {
    constexpr std::string_view names[] = {"xnn::float16", "xnn::bfloat16", "float",        "double",       "std::uint8_t",
                                          "std::int8_t",  "std::int16_t",  "std::int32_t", "std::int64_t", "bool"};  // in the order of Dtype
    return std::string(names[static_cast<std::size_t>(dtype)]);
}

/// A text as a string literal.
inline std::string string_literal(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        char escaped[8];
        if (c == '"' || c == '\\')
            (result += '\\') += c;
        else if (static_cast<unsigned char>(c) < ' ')
            result += (std::snprintf(escaped, sizeof escaped, "\\%03o", static_cast<unsigned>(c)), escaped);
        else
            result += c;
    }
    return result + "\"";
}

/// A name that C++ takes, made of one that it may not take. `prefix` stands in front where that could be anything.
inline std::string identifier(std::string_view name, std::string_view prefix) {
    std::string result;
    for (const char c : name) {
        const bool fits = std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 128;
        if (fits)
            result += c;
        else if (!result.empty() && result.back() != '_')
            result += '_';
    }
    while (!result.empty() && result.back() == '_') result.pop_back();
    if (result.empty() || std::isdigit(static_cast<unsigned char>(result.front()))) result = std::string(prefix) + result;
    return result;
}

}  // namespace xnn::onnx::codegen
