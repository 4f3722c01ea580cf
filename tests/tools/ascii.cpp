#include "xnn/tools/ascii.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "../support/errors.hpp"

using namespace xnn::tools;

TEST_CASE("ascii: an image becomes characters", "[tools]") {
    const float pixels[] = {0, 1, 0.5F, 0, 1, 0.5F, 1, 0, 0};
    REQUIRE(ascii_art(pixels, 3, 3) == " █▒\n█  \n");
    REQUIRE(ascii_art(pixels, 3, 3, {.tall = true}) == "  ██▒▒\n  ██▒▒\n██    \n");
    REQUIRE(ascii_art(pixels, 3, 3, {.unicode = false}) == " @+\n@  \n");
    REQUIRE(ascii_art(pixels, 3, 3, {.low = 1, .high = 0, .tall = true}).substr(0, 6) == "██");  // dark on light
    const float odd[] = {NAN, -5, 5, INFINITY};
    REQUIRE(ascii_art(odd, 1, 4) == "  ██\n");
}

TEST_CASE("ascii: pixels that make no image are refused", "[tools]") {
    const float pixels[] = {0, 1, 0};
    REQUIRE_ERROR(ascii_art(pixels, 2, 2), "ascii_art", "2 x 2", "got 3");
}

TEST_CASE("ascii: pictures stand next to each other", "[tools]") {
    REQUIRE(side_by_side({"ab\nc\n", "█\n", "1\n2\n3"}) == "ab  █  1\nc      2\n       3\n");
    REQUIRE(side_by_side({}).empty());
}
