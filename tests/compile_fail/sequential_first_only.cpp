// Two layers do not fit: only the first is named.
// expect: LayerMismatch<1, xnn::nn::Linear<9, 5
// expect: Got<xnn::Shape<3, 8>>
#include "xnn/xnn.hpp"

using namespace xnn;

#ifdef XNN_CASE_CORRECT
using Model = nn::Sequential<nn::Linear<4, 8>, nn::Linear<8, 5>, nn::Linear<5, 3>>;
#else
using Model = nn::Sequential<nn::Linear<4, 8>, nn::Linear<9, 5>, nn::Linear<6, 3>>;
#endif

int main() {
    Model model;
    auto y = model(Tensor<float, Shape<3, 4>>{});
    static_cast<void>(y);
}
