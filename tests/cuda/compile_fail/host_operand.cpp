// A tensor of the host stands beside one of the device.
// expect: functors::Multiply
// expect: Expects<xnn::OneDevice>
// expect: Got<xnn::CudaHost, xnn::Cpu
#include <xnn/cuda.hpp>
#include <xnn/xnn.hpp>

using namespace xnn;

int main() {
    Tensor<float, Shape<3, 4>, CudaHost> x;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<3, 4>, CudaHost> w;
#else
    Tensor<float, Shape<3, 4>> w;
#endif
    auto y = 2 * x * w;
    static_cast<void>(y);
}
