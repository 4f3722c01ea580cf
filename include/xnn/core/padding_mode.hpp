// What stands around an array that is made larger.
#pragma once

#include <cstdint>

namespace xnn {

/// One number everywhere, the elements mirrored at the border (which is not repeated), the border's own, or those of the
/// other side. https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
enum class PaddingMode : std::uint8_t { constant, zeros = constant, reflect, replicate, circular };

}  // namespace xnn
