// The mistake stands in a chain within a chain: the message gives both positions.
// expect: InLayer<1, xnn::LayerMismatch<0, xnn::nn::Linear<8, 2
#include "xnn/xnn.hpp"

using namespace xnn;

using Head = nn::Sequential<nn::Linear<8, 2>>;
#ifdef XNN_CASE_CORRECT
using Model = nn::Sequential<nn::Linear<4, 8>, Head>;
#else
using Model = nn::Sequential<nn::Linear<4, 16>, Head>;
#endif

int main() {
    Model model;
    auto y = model(Tensor<float, Shape<3, 4>>{});
    static_cast<void>(y);
}
