// A transposed convolution whose channels are the wrong way round.
// expect: Mismatch<xnn::nn::ConvTranspose2d<8, 4
// expect: Expects<xnn::Shape<-1, 8, -1, -1>>
// expect: Got<xnn::Shape<1, 4, 5, 5>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::ConvTranspose2d<8, 4, 3> up;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<1, 8, 5, 5>> x;
#else
    Tensor<float, Shape<1, 4, 5, 5>> x;
#endif
    auto y = up(x);
    static_cast<void>(y);
}
