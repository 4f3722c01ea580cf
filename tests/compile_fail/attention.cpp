// Values for another number of keys.
// expect: ScaledDotProductAttentionRule
// expect: Expects<xnn::QueriesKeysAndValues>
// expect: Got<xnn::Shape<-1, 8, 16>
// expect: xnn::Shape<-1, 9, 16>
#include "xnn/ops/attention.hpp"

using namespace xnn;

int main() {
    Tensor<float, Shape<dyn, 8, 16>> q, k;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<dyn, 8, 16>> v;
#else
    Tensor<float, Shape<dyn, 9, 16>> v;
#endif
    auto y = functional::scaled_dot_product_attention(q, k, v);
    static_cast<void>(y);
}
