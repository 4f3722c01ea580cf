// A recurrent layer called with lines of another width.
// expect: Mismatch<xnn::nn::LSTM<64, 10
// expect: Expects<xnn::Shape<-1, -1, 64>>
// expect: Got<xnn::Shape<7, 32, 65>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::LSTM<64, 10> lstm;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<7, 32, 64>> x;
#else
    Tensor<float, Shape<7, 32, 65>> x;
#endif
    auto y = lstm(x);
    static_cast<void>(y);
}
