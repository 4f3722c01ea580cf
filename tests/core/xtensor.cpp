#include "xnn/xtensor.hpp"

#include <catch2/catch.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "../support/errors.hpp"

using namespace xnn;

TEST_CASE("xtensor: an xtensor view of it is no copy") {
    Tensor<float, Shape<2, 3>> fixed{1, 2, 3, 4, 5, 6};
    auto view = fixed.array();
    view(1, 1) = 50;
    REQUIRE(fixed(1, 1) == 50);
    REQUIRE(xt::sum(view)() == 66);
    Tensor<float, Shape<dyn, 3>> dynamic(Shape<dyn, 3>{2});
    xt::view(dynamic.array(), 1, xt::all()) = 7;
    REQUIRE(dynamic(1, 2) == 7);
    const auto& constant = fixed;
    REQUIRE(constant.array()(0, 2) == 3);
}

TEST_CASE("xtensor: made from any xtensor expression") {
    const xt::xarray<float> a{{1, 2, 3}, {4, 5, 6}};
    const Tensor<float, Shape<dyn, 3>> b(a * 2.F);
    REQUIRE(b.extent(0) == 2);
    REQUIRE(b(1, 2) == 12);
    Tensor<float, Shape<2, 3>> c;
    c = a + 1.F;
    REQUIRE(c(0, 0) == 2);
    REQUIRE_ERROR((Tensor<float, Shape<3, 2>>(a)), "(3, 2)", "(2, 3)");
    REQUIRE_ERROR((Tensor<float, Shape<6>>(a)), "1 dimensions", "2");
}

TEST_CASE("xtensor: an xtensor container as a view of a shape, without a copy") {
    xt::xtensor<double, 2> a = xt::zeros<double>({4, 3});
    const auto view = as_tensor<Shape<dyn, 3>>(a);
    view.data[4] = 9;
    REQUIRE(a(1, 1) == 9);
    REQUIRE(view.extent(0) == 4);
    REQUIRE_ERROR((as_tensor<Shape<dyn, 4>>(a)), "(dyn, 4)", "(4, 3)");
    xt::xtensor<double, 2, xt::layout_type::column_major> columns = xt::zeros<double>({4, 3});
    REQUIRE_ERROR((as_tensor<Shape<4, 3>>(columns)), "row-major");
}
