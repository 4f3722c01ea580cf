#include "xnn/tools/confusion.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "../support/errors.hpp"
#include "xnn/core/tensor.hpp"

using namespace xnn;
using namespace xnn::tools;

TEST_CASE("confusion: pairs of classes are counted", "[tools]") {
    ConfusionMatrix matrix({"cat", "dog", "emu"});
    const Tensor<std::int64_t, Shape<5>> truth{0, 0, 0, 1, 1};
    const Tensor<std::int64_t, Shape<5>> predicted{0, 0, 1, 1, 0};
    matrix.add(truth, predicted);
    matrix.add(1, 1);
    REQUIRE(matrix.total() == 6);
    REQUIRE(matrix.count(0, 1) == 1);
    REQUIRE(matrix.accuracy() == 4.0 / 6);
    REQUIRE(matrix.recall(0) == 2.0 / 3);
    REQUIRE(matrix.precision(1) == 2.0 / 3);
    REQUIRE(std::isnan(matrix.recall(2)));
    REQUIRE(matrix.text() ==
            "true \\ predicted    cat    dog  emu  recall\n"
            "───────────────────────────────────────────\n"
            "cat                   2      1    ·   66.7%\n"
            "dog                   1      2    ·   66.7%\n"
            "emu                   ·      ·    ·       -\n"
            "───────────────────────────────────────────\n"
            "precision         66.7%  66.7%    -   66.7%\n");
    matrix.reset();
    REQUIRE(matrix.total() == 0);
    REQUIRE(std::isnan(matrix.accuracy()));
}

TEST_CASE("confusion: what is no class is refused and nothing is counted", "[tools]") {
    ConfusionMatrix matrix(3);
    REQUIRE_ERROR(matrix.add(3, 0), "ConfusionMatrix", "0..2", "got 3");
    REQUIRE_ERROR(matrix.add(0, -1), "0..2", "got -1");
    REQUIRE_ERROR(matrix.add(std::vector{0, 1}, std::vector{0, 5}), "got 5");
    REQUIRE_ERROR(matrix.add(std::vector{0, 1}, std::vector{0}), "2 predictions", "got 1");
    REQUIRE_ERROR(ConfusionMatrix(-1), "classes", "got -1");
    REQUIRE(matrix.total() == 0);
}
