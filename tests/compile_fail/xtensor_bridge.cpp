// A tensor as an xtensor container, without the header that knows xtensor.
// expect: needs #include <xnn/xtensor.hpp>
#include "xnn/xnn.hpp"
#ifdef XNN_CASE_CORRECT
#include "xnn/xtensor.hpp"
#endif

int main() {
    xnn::Tensor<float, xnn::Shape<2, 3>> tensor;
    tensor.array() += 1;
}
