// An image with too few rows to be mirrored before the convolution.
// expect: Mismatch<xnn::nn::Conv2d<3, 8
// expect: Got<xnn::Shape<1, 3, 2, 9>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::Conv2d<3, 8, 5, nn::ConvOptions{.padding = 2, .padding_mode = PaddingMode::reflect}> conv;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<1, 3, 3, 9>> x;
#else
    Tensor<float, Shape<1, 3, 2, 9>> x;
#endif
    auto y = conv(x);
    static_cast<void>(y);
}
