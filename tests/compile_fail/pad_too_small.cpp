// A line that is too short to go round.
// expect: Mismatch<xnn::nn::CircularPad1d<
// expect: ExtentsToPad<1
// expect: Got<xnn::Shape<4, 2>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::CircularPad1d<3> pad;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<4, 3>> x;
#else
    Tensor<float, Shape<4, 2>> x;
#endif
    auto y = pad(x);
    static_cast<void>(y);
}
