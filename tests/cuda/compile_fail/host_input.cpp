// A layer on the device is given a tensor of the host.
// expect: LinearRule
// expect: Expects<xnn::OneDevice>
// expect: Got<xnn::Cpu, xnn::CudaHost
#include <xnn/cuda.hpp>
#include <xnn/xnn.hpp>

using namespace xnn;

int main() {
    nn::Linear<4, 2, true, float, CudaHost> fc;
#ifdef XNN_CASE_CORRECT
    Tensor<float, Shape<3, 4>, CudaHost> x;
#else
    Tensor<float, Shape<3, 4>> x;
#endif
    auto y = fc(x);
    static_cast<void>(y);
}
