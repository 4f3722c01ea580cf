// An output padding of a whole step.
// expect: output_padding must be smaller than stride or dilation
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
#ifdef XNN_CASE_CORRECT
    nn::ConvTranspose2d<8, 4, 3, nn::ConvTransposeOptions{.stride = 2, .output_padding = 1}> up;
#else
    nn::ConvTranspose2d<8, 4, 3, nn::ConvTransposeOptions{.stride = 2, .output_padding = 2}> up;
#endif
    static_cast<void>(up);
}
