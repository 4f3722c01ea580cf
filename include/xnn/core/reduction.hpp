// How a loss becomes one number.
#pragma once

#include <cstdint>

namespace xnn {

/// PyTorch's `reduction` argument: a loss for each element, their mean, their sum, or (KLDivLoss alone) their sum divided by
/// the batch size.
enum class Reduction : std::uint8_t { none, mean, sum, batchmean };

}  // namespace xnn
