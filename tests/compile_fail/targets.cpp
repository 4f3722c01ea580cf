// One label too few.
// expect: CrossEntropyRule
// expect: Expects<xnn::TargetsForLogits>
// expect: Got<xnn::Shape<32, 10>, xnn::Shape<31>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    Tensor<float, Shape<32, 10>> logits;
#ifdef XNN_CASE_CORRECT
    Tensor<std::int64_t, Shape<32>> labels;
#else
    Tensor<std::int64_t, Shape<31>> labels;
#endif
    auto loss = nn::CrossEntropyLoss{}(logits, labels);
    static_cast<void>(loss);
}
