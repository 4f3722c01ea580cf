// How a loss becomes one number.
#pragma once

#include <cstdint>

namespace xnn {

/// PyTorch's `reduction` argument: a loss for each sample, their mean, or their sum.
enum class Reduction : std::uint8_t { none, mean, sum };

}  // namespace xnn
