// What the program does: train, report, save, load again.
#pragma once

#include "options.hpp"

namespace mnist {

// Each returns the accuracy on the test images. They are instantiated in sources of their own, which compile side by side.
template <class Device>
double run_mlp(const Options& options);
template <class Device>
double run_lenet(const Options& options);

}  // namespace mnist
