// A function that ONNX has no operator for and that no emit() is written for.
// expect: AnOnnxOperator
// expect: NoOperatorFor<xnn::functors::Lgamma>
#include "xnn/io/onnx/traced.hpp"
#include "xnn/io/onnx/pointwise.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;

struct Net : nn::Module<Net> {
    auto forward(auto x) const {
#ifdef XNN_CASE_CORRECT
        return exp(x);
#else
        return lgamma(x);
#endif
    }
};

void trace(const Net& net, const onnx::Traced<float, Shape<2>>& x) { net(x); }
int main() {}
