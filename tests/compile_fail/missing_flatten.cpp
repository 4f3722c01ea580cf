// In a forward of its own a network forgets to flatten.
// expect: Mismatch<xnn::nn::Linear<128, 10
// expect: Got<xnn::Shape<2, 8, 4, 4>>
#include "xnn/xnn.hpp"

using namespace xnn;

struct Net : nn::Module<Net> {
    nn::Conv2d<1, 8, 5> conv;
    nn::Linear<128, 10> fc;
    auto forward(auto x) const {
#ifdef XNN_CASE_CORRECT
        return x | conv | nn::flatten | fc;
#else
        return x | conv | fc;
#endif
    }
};

int main() {
    Net net;
    Tensor<float, Shape<2, 1, 8, 8>> x;
    auto y = net(x);
    static_cast<void>(y);
}
