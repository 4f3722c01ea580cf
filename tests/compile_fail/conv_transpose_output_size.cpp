// An output that no output padding below the stride makes.
// expect: Mismatch<xnn::nn::ConvTranspose2d<4, 6
// expect: Got<xnn::Shape<2, 4, 3, 5>, xnn::Shape<8, 11>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::ConvTranspose2d<4, 6, 2, nn::ConvTransposeOptions{.stride = 2}> up;
    Tensor<float, Shape<2, 4, 3, 5>> x;
#ifdef XNN_CASE_CORRECT
    auto y = up(x, Shape<7, 11>{});
#else
    auto y = up(x, Shape<8, 11>{});
#endif
    static_cast<void>(y);
}
