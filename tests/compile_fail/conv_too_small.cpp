// An image that is smaller than the kernel.
// expect: Mismatch<xnn::nn::Conv2d<3, 8
// expect: Got<xnn::Shape<1, 3, 4, 4>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::Conv2d<3, 8, 5> conv;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<1, 3, 5, 5>> x;
#else
    Tensor<float, Shape<1, 3, 4, 4>> x;
#endif
    auto y = conv(x);
    static_cast<void>(y);
}
