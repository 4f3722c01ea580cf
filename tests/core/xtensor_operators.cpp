// Operators between arrays and expressions of xtensor. They compute on the Cpu.
#include "xnn/ops/operators.hpp"

#include <catch2/catch.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xtensor.hpp>

#include "support/arrays.hpp"
#include "xnn/xtensor.hpp"

using namespace xnn;

TEST_CASE("xtensor: an expression meets an array", "[xtensor]") {
    const Tensor<double, Shape<2, 2>> x{1, 2, 3, 4};
    const xt::xtensor<double, 2> y{{10, 20}, {30, 40}};
    require_close(values(x + y), {11, 22, 33, 44});
    require_close(values(y * x), {10, 40, 90, 160});
}

TEST_CASE("xtensor: its own expressions stay its own", "[xtensor]") {
    const xt::xarray<double> x{{1, 2}, {3, 4}};
    const xt::xtensor_fixed<double, xt::xshape<2>> y{10, 20};
    const xt::xarray<double> z = x * 2. + y;
    CHECK((z == xt::xarray<double>{{12, 24}, {16, 28}}));
    require_close(values(as_tensor<Shape<2, 2>>(x) * as_tensor<Shape<2>>(y)), {10, 40, 30, 80});
}
