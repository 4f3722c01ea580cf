// Weights for a mean.
// expect: EmbeddingBagRule<float, xnn::EmbeddingBagMode::mean
// expect: Expects<xnn::BagsOfIndices>
// expect: Got<xnn::Shape<2, 3>, xnn::Shape<10, 4>, xnn::Shape<2, 3>>
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    Tensor<std::int64_t, Shape<2, 3>> indices;
    Tensor<float, Shape<2, 3>> weights;
#ifdef XNN_CASE_CORRECT
    nn::EmbeddingBag<10, 4, nn::EmbeddingBagOptions{.mode = EmbeddingBagMode::sum}> bag;
#else
    nn::EmbeddingBag<10, 4> bag;
#endif
    auto y = bag(indices, weights);
    static_cast<void>(y);
}
