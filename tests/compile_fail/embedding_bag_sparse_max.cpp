// Sparse gradients of maxima.
// expect: EmbeddingBag: the mode max has no sparse gradients
#include "xnn/xnn.hpp"

using namespace xnn;

int main() {
    Tensor<std::int64_t, Shape<2, 3>> indices;
#ifdef XNN_CASE_CORRECT
    nn::EmbeddingBag<10, 4, nn::EmbeddingBagOptions{.mode = EmbeddingBagMode::sum, .sparse = true}> bag;
#else
    nn::EmbeddingBag<10, 4, nn::EmbeddingBagOptions{.mode = EmbeddingBagMode::max, .sparse = true}> bag;
#endif
    auto y = bag(indices);
    static_cast<void>(y);
}
