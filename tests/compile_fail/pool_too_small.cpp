// A pooling window that is larger than the image.
// expect: xnn::nn::MaxPool2d<
// expect: ExtentsOfAtLeast
// expect: Got<xnn::Shape<1, 3, 2, 2>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<1, 3, 4, 4>> x;
#else
    Tensor<float, Shape<1, 3, 2, 2>> x;
#endif
    auto y = x | nn::max_pool2d<3>;
    static_cast<void>(y);
}
