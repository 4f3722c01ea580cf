// Operands whose last extents differ.
// expect: Got<xnn::Shape<2, 3>, xnn::Shape<4>>
// expect: Expects<xnn::ShapesThatBroadcast>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    Tensor<float, Shape<2, 3>> a;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<3>> b;
#else
    Tensor<float, Shape<4>> b;
#endif
    auto sum = a + b;
    static_cast<void>(sum);
}
