// A chain of operations: fused_chain.py reads what nvcc makes of it.
#include <xnn/cuda.hpp>
#include <xnn/ops/activation.hpp>
#include <xnn/ops/operators.hpp>

namespace xnn {

void chain(Tensor<float, Shape<64, 1024>, Cuda>& y, const Tensor<float, Shape<64, 1024>, Cuda>& x, const Tensor<float, Shape<64, 1024>, Cuda>& w,
           const Tensor<float, Shape<64, 1024>, Cuda>& b) {
    y = relu(x * w + b);
}

}  // namespace xnn
