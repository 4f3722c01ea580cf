// The third layer of a chain wants fewer features than the second gives.
// expect: LayerMismatch<2, xnn::nn::Linear<64, 10
// expect: Expects<xnn::LastExtent<64>>
// expect: Got<xnn::Shape<32, 128>>
#include "xnn/xnn.hpp"

using namespace xnn;

#ifdef XNN_CASE_CORRECT
using Model = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<128, 10>>;
#else
using Model = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<64, 10>>;
#endif

int main() {
    Model model;
    Tensor<float, Shape<32, 784>> images;
    auto loss = nn::CrossEntropyLoss{}(model(images), Tensor<std::int64_t, Shape<32>>{});
    loss.backward();
}
