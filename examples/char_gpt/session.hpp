// What the program does: train and save, or load and write.
#pragma once

#include "options.hpp"

namespace char_gpt {

/// It is instantiated in sources of their own, one for each device.
template <class Device>
void run(const Options& options);

}  // namespace char_gpt
