#include "xnn/core/tensor.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "../support/errors.hpp"

using namespace xnn;

TEMPLATE_TEST_CASE("tensor: owns a row-major array", "", float, double, bfloat16, float16, std::int64_t, std::uint8_t) {
    Tensor<TestType, Shape<2, 3>> a;
    for (TestType x : a) REQUIRE(static_cast<double>(x) == 0);
    a(1, 2) = TestType(5);
    REQUIRE(static_cast<double>(a.data()[5]) == 5);
    REQUIRE(a.size() == 6);
    REQUIRE_ERROR(a(2, 0), "Tensor::operator()", "(2, 3)", "(2, 0)");
    REQUIRE_ERROR(a(0, -1), "(0, -1)");
}

TEST_CASE("tensor: memory is aligned, inside the object where it is small") {
    Tensor<float, Shape<1000>> large;
    REQUIRE(reinterpret_cast<std::uintptr_t>(large.data()) % alignment == 0);
    Tensor<float, Shape<4>> small;
    const auto* begin = reinterpret_cast<const char*>(&small);
    REQUIRE(reinterpret_cast<const char*>(small.data()) >= begin);
    REQUIRE(reinterpret_cast<const char*>(small.data() + 4) <= begin + sizeof(small));
}

TEST_CASE("tensor: copies are deep, moves keep the memory") {
    Tensor<float, Shape<dyn>> a(Shape<dyn>{100});
    a.fill(3);
    Tensor<float, Shape<dyn>> b = a;
    b(0) = 4;
    REQUIRE(a(0) == 3);
    const float* memory = a.data();
    const Tensor<float, Shape<dyn>> c = std::move(a);
    REQUIRE(c.data() == memory);
    b = c;
    REQUIRE(b(0) == 3);
}

TEST_CASE("tensor: made from one whose type knows more or fewer extents") {
    const Tensor<float, Shape<2, 3>> known{1, 2, 3, 4, 5, 6};
    Tensor<float, Shape<dyn, 3>> batch = known;
    REQUIRE(batch.extent(0) == 2);
    REQUIRE(batch(1, 2) == 6);
    const Tensor<float, Shape<2, dyn>> back = batch;
    REQUIRE(back(1, 0) == 4);
    batch = Tensor<float, Shape<dyn, 3>>(Shape<dyn, 3>(5));
    REQUIRE_ERROR((Tensor<float, Shape<2, 3>>(batch)), "2", "5");
    static_assert(!std::is_constructible_v<Tensor<float, Shape<2, 3>>, Tensor<float, Shape<dyn, 4>>>);
    static_assert(!std::is_constructible_v<Tensor<double, Shape<2, 3>>, Tensor<float, Shape<2, 3>>>);
}

TEST_CASE("tensor: a list must have the shape's number of elements") {
    const Tensor<float, Shape<2, 2>> a{1, 2, 3, 4};
    REQUIRE(a(1, 0) == 3);
    REQUIRE_ERROR((Tensor<float, Shape<2, 2>>{1, 2, 3}), "Tensor", "4 elements", "3");
    REQUIRE(Tensor<int, Shape<>>{7}.item() == 7);
    REQUIRE_ERROR(a.item(), "item", "one element", "(2, 2)");
}

TEST_CASE("tensor: an xtensor view of it is no copy") {
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

TEST_CASE("tensor: made from any xtensor expression") {
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

TEST_CASE("tensor: an xtensor container as a view of a shape, without a copy") {
    xt::xtensor<double, 2> a = xt::zeros<double>({4, 3});
    const auto view = as_tensor<Shape<dyn, 3>>(a);
    view.data[4] = 9;
    REQUIRE(a(1, 1) == 9);
    REQUIRE(view.extent(0) == 4);
    REQUIRE_ERROR((as_tensor<Shape<dyn, 4>>(a)), "(dyn, 4)", "(4, 3)");
    xt::xtensor<double, 2, xt::layout_type::column_major> columns = xt::zeros<double>({4, 3});
    REQUIRE_ERROR((as_tensor<Shape<4, 3>>(columns)), "row-major");
}
