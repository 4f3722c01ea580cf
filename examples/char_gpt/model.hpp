// The network, and what it reads.
#pragma once

#include <xnn/models/gpt.hpp>

namespace char_gpt {

/// The characters of the plays: a letter of either case, a space, a line's end, and a little punctuation.
inline constexpr xnn::index_t vocabulary = 65;
/// As many characters as the network sees at once.
inline constexpr xnn::index_t context = 128;

template <class Device>
using Gpt = xnn::models::Gpt<xnn::models::GptOptions{.layers = 4, .heads = 4, .width = 128, .context = context, .vocabulary = vocabulary}, float, Device>;

}  // namespace char_gpt
