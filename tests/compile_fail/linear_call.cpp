// A layer called by itself.
// expect: Mismatch<xnn::nn::Linear<64, 10
// expect: Expects<xnn::LastExtent<64>>
// expect: Got<xnn::Shape<32, 65>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::Linear<64, 10> fc;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<32, 64>> x;
#else
    Tensor<float, Shape<32, 65>> x;
#endif
    auto y = fc(x);
    static_cast<void>(y);
}
