// What the program does: train, report, save, load again.
#pragma once

#include "options.hpp"

namespace mnist {

// Each returns the accuracy on the test images. They are sources of their own, so that they compile side by side.
double run_mlp(const Options& options);
double run_lenet(const Options& options);

}  // namespace mnist
