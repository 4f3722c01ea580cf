// Patches of another image.
// expect: Mismatch<xnn::nn::Fold<
// expect: Expects<xnn::PatchesThatFillImages>
// expect: Got<xnn::Shape<1, 12, 11>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    nn::Fold<nn::Sizes(4, 5), 2> fold;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<1, 12, 12>> x;
#else
    Tensor<float, Shape<1, 12, 11>> x;
#endif
    auto y = fold(x);
    static_cast<void>(y);
}
