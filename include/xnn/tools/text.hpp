// Text as a terminal shows it: widths in columns rather than bytes, and numbers that a reader takes in at a glance.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "xnn/core/config.hpp"

namespace xnn::tools {

/// Columns that UTF-8 text takes, one for each character; text without escape sequences or wide characters.
constexpr index_t display_width(std::string_view text) {
    index_t width = 0;
    for (const char c : text)
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;  // not the continuation of a character
    return width;
}

/// The text's beginning, at most `width` columns of it; what is cut off ends in `…`.
inline std::string clipped(std::string_view text, index_t width) {
    if (display_width(text) <= width) return std::string(text);
    if (width <= 0) return "";
    std::size_t bytes = text.size();
    while (bytes > 0 && display_width(text.substr(0, bytes)) >= width) --bytes;
    return std::string(text.substr(0, bytes)) + "…";
}

/// `count` times the same text.
inline std::string repeated(std::string_view text, index_t count) {
    std::string result;
    for (index_t i = 0; i < count; ++i) result += text;
    return result;
}

/// Where text stands in a wider field.
enum class Align { left, right, center };

/// Text with blanks up to `width` columns; wider text stays as it is.
inline std::string padded(std::string_view text, index_t width, Align align = Align::left) {
    const index_t blanks = width - display_width(text);
    const index_t before = align == Align::left ? 0 : align == Align::right ? blanks : blanks / 2;
    return repeated(" ", before) + std::string(text) + repeated(" ", blanks - before);
}

/// printf's %.*g, with a decimal point in every locale.
inline std::string digits(double value, int significant) {
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, significant).ptr};
}

/// A share as `97.5%`.
inline std::string percentage(double share) {
    char text[400];  // the largest double has 309 digits
    return std::string(text, std::to_chars(text, text + sizeof text, share * 100, std::chars_format::fixed, 1).ptr) +
           "%";
}

/// A number with at most three digits and a suffix: `950`, `12.3k`, `1.5M`.
inline std::string with_suffix(double value) {
    std::string_view suffixes = "kMGT";
    if (!(std::abs(value) >= 999.5)) return digits(value, 3);
    std::size_t i = 0;
    for (value /= 1000; std::abs(value) >= 999.5 && i + 1 < suffixes.size(); ++i) value /= 1000;
    return digits(value, 3) + suffixes[i];
}

/// A number with a comma between thousands: `431,080`.
inline std::string with_commas(index_t value) {
    std::string text = std::to_string(value);
    const std::size_t first = value < 0 ? 1 : 0;
    for (std::size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, ",");
    return text;
}

/// Seconds as on a clock: `0:07`, `12:34`, `1:02:03`.
inline std::string clock_text(double seconds) {
    const auto total = std::llround(seconds);
    char text[48];
    if (total < 3600)
        std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
    else
        std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", total / 3600, total / 60 % 60, total % 60);
    return text;
}

}  // namespace xnn::tools
