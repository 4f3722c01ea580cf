// A padding that keeps the extents, with a stride that does not.
// expect: padding = same needs a stride of 1
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
#ifdef XNN_CASE_CORRECT
    nn::Conv2d<3, 8, 3, nn::ConvOptions{.stride = 1, .padding = nn::same}> conv;
#else
    nn::Conv2d<3, 8, 3, nn::ConvOptions{.stride = 2, .padding = nn::same}> conv;
#endif
    static_cast<void>(conv);
}
