// How the rows of a bag become one.
#pragma once

#include <cstdint>

namespace xnn {

/// PyTorch's `mode` argument of EmbeddingBag.
enum class EmbeddingBagMode : std::uint8_t { sum, mean, max };

}  // namespace xnn
