// The network as PyTorch left it.
#pragma once

#include "models.hpp"
#include "options.hpp"

namespace resnet {

/// The network that PyTorch trained, out of training.
Pretrained load_pretrained(const Options& options);

/// Prints what the compiler knows of the network, and how it answers; returns the largest difference to PyTorch's answers,
/// relative to the largest of them.
double check(const Options& options, const Pretrained& model);

}  // namespace resnet
