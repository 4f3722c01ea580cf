// Grey images as text.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/error.hpp"
#include "xnn/tools/text.hpp"

namespace xnn::tools {

/// How an image becomes characters.
struct AsciiOptions {
    float low = 0;        ///< this and less is blank
    float high = 1;       ///< this and more is full
    bool unicode = true;  ///< shades ░▒▓█, else " .:-=+*#%@"
    bool tall = false;    ///< two characters a pixel instead of two pixel rows a character
};

namespace detail {
inline std::string_view shade(float darkness, bool unicode) {
    constexpr std::string_view blocks[] = {" ", "░", "▒", "▓", "█"};
    constexpr std::string_view letters = " .:-=+*#%@";
    const auto level = [&](std::size_t levels) {
        const float clamped = darkness > 0 ? std::min(darkness, 1.0F) : 0.0F;  // NaN is blank
        return std::min(levels - 1, static_cast<std::size_t>(clamped * static_cast<float>(levels)));
    };
    return unicode ? blocks[level(std::size(blocks))] : letters.substr(level(letters.size()), 1);
}
}  // namespace detail

/// An image as lines of text. A character is about twice as high as wide, so one stands for the mean of two pixels, one
/// below the other. Throws Error unless there are height × width pixels.
inline std::string ascii_art(std::span<const float> pixels, index_t height, index_t width,
                             const AsciiOptions& options = {}) {
    if (height < 0 || width < 0 || static_cast<index_t>(pixels.size()) != height * width)
        fail("ascii_art", std::to_string(height) + " x " + std::to_string(width) + " pixels",
             std::to_string(pixels.size()));
    const index_t step = options.tall ? 1 : 2;
    std::string text;
    for (index_t row = 0; row < height; row += step) {
        const index_t end = std::min(row + step, height);
        for (index_t column = 0; column < width; ++column) {
            float sum = 0;
            for (index_t i = row; i < end; ++i) sum += pixels[static_cast<std::size_t>(i * width + column)];
            const float mean = sum / static_cast<float>(end - row);
            const float darkness = (mean - options.low) / (options.high - options.low);
            text += repeated(detail::shade(darkness, options.unicode), options.tall ? 2 : 1);
        }
        text += '\n';
    }
    return text;
}

/// Blocks of lines next to each other, each as wide as its widest line.
inline std::string side_by_side(const std::vector<std::string>& blocks, index_t gap = 2) {
    std::vector<std::vector<std::string_view>> columns;
    std::size_t height = 0;
    for (const std::string_view block : blocks) {
        auto& lines = columns.emplace_back();
        for (std::size_t start = 0; start < block.size();) {
            const auto end = std::min(block.find('\n', start), block.size());
            lines.push_back(block.substr(start, end - start));
            start = end + 1;
        }
        height = std::max(height, lines.size());
    }
    std::vector<std::string> rows(height);
    for (const auto& lines : columns) {
        index_t width = 0;
        for (const auto line : lines) width = std::max(width, display_width(line));
        for (std::size_t i = 0; i < height; ++i)
            rows[i] += padded(i < lines.size() ? lines[i] : "", width) + repeated(" ", gap);
    }
    std::string text;
    for (const auto& row : rows) text += row.substr(0, row.find_last_not_of(' ') + 1) + '\n';
    return text;
}

}  // namespace xnn::tools
