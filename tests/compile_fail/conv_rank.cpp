// An image without its channels.
// expect: Mismatch<xnn::nn::Conv2d<3, 8
// expect: Got<xnn::Shape<32, 32>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::Conv2d<3, 8, 3> conv;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<3, 32, 32>> x;
#else
    Tensor<float, Shape<32, 32>> x;
#endif
    auto y = conv(x);
    static_cast<void>(y);
}
