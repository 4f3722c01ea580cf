#include "xnn/core/shape.hpp"

#include <catch2/catch.hpp>
#include <concepts>

#include "../support/errors.hpp"

using namespace xnn;

static_assert(std::is_empty_v<Shape<2, 3>>);
static_assert(sizeof(Shape<dyn, 3, dyn>) == 2 * sizeof(index_t));
static_assert(Shape<2, 3, 4>::static_size == 24);
static_assert(Shape<2, dyn>::static_size == dyn);
static_assert(Shape<>{}.size() == 1);
static_assert(Shape<dyn, 3>{5}.extents() == Dims<2>{5, 3});
static_assert(Shape<dyn, 3>{5} == Shape<5, 3>{});
static_assert(!(Shape<dyn, 3>{5} == Shape<5>{}));
static_assert(!std::is_convertible_v<index_t, Shape<dyn>>);

static_assert(std::same_as<ruled_shape<Broadcast, Shape<dyn, 1, 3>, Shape<4, 3>>, Shape<dyn, 4, 3>>);
static_assert(std::same_as<ruled_shape<Broadcast, Shape<dyn, 3>, Shape<7, 1>>, Shape<7, 3>>);
static_assert(std::same_as<ruled_shape<Broadcast, Shape<dyn>, Shape<dyn>>, Shape<dyn>>);
static_assert(std::same_as<ruled_shape<Broadcast, Shape<>, Shape<2>>, Shape<2>>);
static_assert(Broadcast::accepts(Dims<2>{2, 3}, Dims<1>{3}));
static_assert(!Broadcast::accepts(Dims<2>{2, 3}, Dims<1>{2}));
static_assert(Broadcast::accepts(Dims<1>{dyn}, Dims<1>{2}));

static_assert(fits(dyn, 3) && fits(3, dyn) && fits(3, 3) && !fits(3, 4));
static_assert(fits(Dims<2>{dyn, 3}, Dims<2>{5, 3}) && !fits(Dims<2>{dyn, 3}, Dims<2>{5, 4}));
static_assert(!fits(Dims<2>{2, 3}, Dims<1>{6}));
static_assert(contiguous_strides(Dims<3>{2, 3, 4}) == Dims<3>{12, 4, 1});
static_assert(normalize_dim(-1, 4) == 3 && normalize_dim(1, 4) == 1);
static_assert(product_or_dyn(Dims<3>{2, dyn, 4}, 0, 3) == dyn && product_or_dyn(Dims<3>{2, dyn, 4}, 2, 3) == 4);

TEST_CASE("shape: extents of a run must fit the type") {
    REQUIRE(Shape<dyn, 3>(Dims<2>{4, 3}).size() == 12);
    REQUIRE_ERROR((Shape<dyn, 3>(Dims<2>{4, 2})), "Shape", "(dyn, 3)", "(4, 2)");
    REQUIRE_ERROR((Shape<2, 3>(Dims<2>{3, 2})), "Shape", "(2, 3)", "(3, 2)");
    REQUIRE_ERROR((Shape<dyn>{-4}), "Shape", "-4");
}

TEST_CASE("shape: a rule gives types at compile time and numbers at run time") {
    const auto shape = apply_rule<Broadcast>(Shape<dyn, 1, 3>{5}, Shape<4, 3>{});
    static_assert(std::same_as<decltype(shape), const Shape<dyn, 4, 3>>);
    REQUIRE(shape.extents() == Dims<3>{5, 4, 3});
    REQUIRE(to_text(shape.extents()) == "(5, 4, 3)");
    REQUIRE(to_text(shape.static_extents) == "(dyn, 4, 3)");
    REQUIRE(to_text(Dims<0>{}) == "()");
}
