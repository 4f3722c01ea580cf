// A convolution is given another number of channels than it has.
// expect: LayerMismatch<1, xnn::nn::Conv2d<16, 32
// expect: Expects<xnn::Shape<-1, 16, -1, -1>>
// expect: Got<xnn::Shape<8, 12, 26, 26>>
#include "xnn/xnn.hpp"

using namespace xnn;

#ifdef XNN_CASE_CORRECT
using Model = nn::Sequential<nn::Conv2d<1, 16, 3>, nn::Conv2d<16, 32, 3>>;
#else
using Model = nn::Sequential<nn::Conv2d<1, 12, 3>, nn::Conv2d<16, 32, 3>>;
#endif

int main() {
    Model model;
    Tensor<float, Shape<8, 1, 28, 28>> images;
    auto y = model(images);
    static_cast<void>(y);
}
