// Files of trained networks. Their reader stands in a source of its own, for nvcc does not compile what it needs.
#pragma once

#include <filesystem>
#include <xnn/core/named_buffer.hpp>

namespace char_gpt {

void save_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state);
void load_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state);

}  // namespace char_gpt
