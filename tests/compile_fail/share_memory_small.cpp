// A small tensor, which holds its elements itself, in shared memory.
// expect: make it a Parameter or an nn::Buffer
#include "xnn/core/shared_memory.hpp"
#include "xnn/xnn.hpp"

int main() {
#ifdef XNN_CASE_CORRECT
    xnn::Parameter<float, xnn::Shape<3>> tensor;
#else
    xnn::Tensor<float, xnn::Shape<3>> tensor;
#endif
    tensor.share_memory_();
}
