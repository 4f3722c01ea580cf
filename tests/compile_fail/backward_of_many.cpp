// backward() of a result that is not one number.
// expect: backward() starts at a single number
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::Linear<4, 2> fc;
    Tensor<float, Shape<3, 4>> x;
    auto y = fc(x);
#ifdef XNN_CASE_CORRECT
    y.backward(Tensor<float, Shape<3, 2>>{}.view());
#else
    y.backward();
#endif
}
