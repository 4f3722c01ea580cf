// Files of trained networks. Their reader stands in a source of its own, for nvcc does not compile what it needs.
#pragma once

#include <filesystem>
#include <string>
#include <xnn/core/named_buffer.hpp>

namespace mnist {

void save_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state, const std::string& model);
void load_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state);

}  // namespace mnist
