#include "xnn/core/tensor.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

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

TEST_CASE("tensor: copies into the memory that it has") {
    Tensor<float, Shape<dyn, 3>> to(Shape<dyn, 3>(20));
    const float* const memory = to.data();
    Tensor<float, Shape<20, 3>> from;
    from(19, 2) = 7;
    to.copy_(from);
    REQUIRE(to.data() == memory);
    REQUIRE(to(19, 2) == 7);
    REQUIRE_ERROR(to.copy_(Tensor<float, Shape<dyn, 3>>(Shape<dyn, 3>(21))), "Tensor::copy_", "(20, 3)", "(21, 3)");
}

TEST_CASE("tensor: a list must have the shape's number of elements") {
    const Tensor<float, Shape<2, 2>> a{1, 2, 3, 4};
    REQUIRE(a(1, 0) == 3);
    REQUIRE_ERROR((Tensor<float, Shape<2, 2>>{1, 2, 3}), "Tensor", "4 elements", "3");
    REQUIRE(Tensor<int, Shape<>>{7}.item() == 7);
    REQUIRE_ERROR(a.item(), "item", "one element", "(2, 2)");
}
