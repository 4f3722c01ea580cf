// An xarray, whose number of dimensions is known at run time only, beside a tensor.
// expect: does not say how many dimensions it has
#include <xtensor/xarray.hpp>
#include "xnn/xnn.hpp"
#include "xnn/xtensor.hpp"

int main() {
    const xnn::Tensor<float, xnn::Shape<2, 2>> x;
#ifdef XNN_CASE_CORRECT
    const xt::xtensor<float, 2> y = xt::zeros<float>({2, 2});
#else
    const xt::xarray<float> y = xt::zeros<float>({2, 2});
#endif
    static_cast<void>((x + y).value());
}
