// A result assigned to a tensor of another shape.
// expect: Tensor<float, xnn::Shape<3, 2>
// expect: Expects<xnn::Shape<3, 2>>
// expect: Got<xnn::Shape<2, 3>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    Tensor<float, Shape<2, 3>> a;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<2, 3>> b = a + 1;
#else
    Tensor<float, Shape<3, 2>> b = a + 1;
#endif
    static_cast<void>(b);
}
