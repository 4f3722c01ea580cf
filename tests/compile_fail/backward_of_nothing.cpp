// backward() of an expression over plain tensors.
// expect: in which nothing requires a gradient
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
#ifdef XNN_CASE_CORRECT
    Parameter<float, Shape<>> x;
#else
    Tensor<float, Shape<>> x;
#endif
    auto y = x * x;
    y.backward();
}
