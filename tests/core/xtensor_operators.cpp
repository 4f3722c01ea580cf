// Operators between arrays and expressions of xtensor. They compute on the Cpu.
#include "xnn/ops/operators.hpp"

#include <catch2/catch.hpp>
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
