// All that a training needs to go on, in one file that torch.load reads: modules, optimisers, schedulers, generators and
// numbers under names, each as PyTorch's state_dict() has it. Needs libzip (CMake: xnn::pt).
#pragma once

#include <filesystem>
#include <initializer_list>

#include "xnn/io/checkpoint/reader.hpp"
#include "xnn/io/checkpoint/writer.hpp"

namespace xnn::io {

/// Writes a checkpoint: `save_checkpoint("run.pt", {{"model", model}, {"optimizer", optimizer}, {"scheduler", scheduler},
/// {"generator", default_generator()}, {"epoch", epoch}})`. torch.load(path, weights_only=True) gives a dictionary, whose
/// entries the load_state_dict() of the same classes of PyTorch take. The file is complete or, after an Error, as it was.
inline void save_checkpoint(const std::filesystem::path& path, std::initializer_list<CheckpointPart> parts) {
    detail::CheckpointWriter(path).write(parts);
}

/// Reads the same parts from a checkpoint, which may be one of PyTorch's. Throws one Error that lists everything that does
/// not fit, and then changes nothing. What else the file holds is left alone.
inline void load_checkpoint(const std::filesystem::path& path, std::initializer_list<CheckpointPart> parts) {
    detail::CheckpointReader(path).read(parts);
}

}  // namespace xnn::io
