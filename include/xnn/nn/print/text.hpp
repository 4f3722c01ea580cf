// Values as Python prints them.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "xnn/nn/sizes.hpp"

namespace xnn::nn::detail {

/// A float: as few digits as say which one it is, and an exponent below 1e-4 and from 1e16.
inline std::string number(double value) {
    if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    char text[64];
    const auto scientific = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    const std::string_view shortest(text, static_cast<std::size_t>(scientific.ptr - text));
    const double size = std::abs(value);
    if (size != 0 && (size < 1e-4 || size >= 1e16)) return std::string(shortest);
    const auto fixed = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
    std::string result(text, fixed.ptr);
    return result.find('.') == std::string::npos ? result + ".0" : result;
}
inline std::string number(const std::optional<double>& value) { return value ? number(*value) : "None"; }
inline std::string flag(bool value) { return value ? "True" : "False"; }
/// A tuple of extents: "(3,)", "(3, 5)".
template <class Extents>
std::string tuple(const Extents& extents) {
    std::string text;
    for (index_t extent : extents) text += (text.empty() ? "" : ", ") + std::to_string(extent);
    return "(" + text + (std::size(extents) == 1 ? ",)" : ")");
}
template <std::size_t Rank>
std::string sizes(Sizes all) { return tuple(all.dims<Rank>()); }

/// A size as it was given: one number for all dimensions, or one for each.
inline std::string given(Sizes size) {
    return size.count == 1 ? std::to_string(size.first) : size.count == 2 ? sizes<2>(size) : sizes<3>(size);
}

}  // namespace xnn::nn::detail
