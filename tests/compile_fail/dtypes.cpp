// A layer of float is given double.
// expect: LinearRule
// expect: Expects<xnn::OneDtype>
// expect: Got<double, float, float>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::Linear<4, 2> fc;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<3, 4>> x;
#else
    Tensor<double, Shape<3, 4>> x;
#endif
    auto y = fc(x);
    static_cast<void>(y);
}
