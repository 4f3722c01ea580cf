#include "checkpoint.hpp"

#include <xnn/io/safetensors.hpp>

namespace char_gpt {

void save_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state) {
    xnn::io::save_safetensors(path, state);
}
void load_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state) { xnn::io::load_safetensors(path, state); }

}  // namespace char_gpt
