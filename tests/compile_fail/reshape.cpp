// A view of another number of elements.
// expect: ReshapeRule<4, 2>
// expect: Got<xnn::Shape<3, 4>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    Tensor<float, Shape<3, 4>> x;
#ifdef XNN_CASE_CORRECT
    auto y = functional::reshape<4, 3>(x);
#else
    auto y = functional::reshape<4, 2>(x);
#endif
    static_cast<void>(y);
}
