#include "checkpoint.hpp"

#include <xnn/io/safetensors.hpp>

namespace mnist {

void save_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state, const std::string& model) {
    xnn::io::save_safetensors(path, state, {{"model", model}});
}
void load_checkpoint(const std::filesystem::path& path, const xnn::StateDict& state) { xnn::io::load_safetensors(path, state); }

}  // namespace mnist
