#include "xnn/tools/text.hpp"

#include <catch2/catch.hpp>

using namespace xnn::tools;

TEST_CASE("text: width counts characters, not bytes", "[tools]") {
    STATIC_REQUIRE(display_width("größe") == 5);
    REQUIRE(padded("ö", 3, Align::right) == "  ö");
    REQUIRE(padded("ö", 3, Align::center) == " ö ");
    REQUIRE(padded("long", 2) == "long");
    REQUIRE(clipped("größe", 5) == "größe");
    REQUIRE(clipped("größe", 4) == "grö…");
    REQUIRE(clipped("größe", 1) == "…");
    REQUIRE(clipped("größe", 0).empty());
}

TEST_CASE("text: numbers are short", "[tools]") {
    REQUIRE(with_suffix(0.1234) == "0.123");
    REQUIRE(with_suffix(999.4) == "999");
    REQUIRE(with_suffix(999.9) == "1k");
    REQUIRE(with_suffix(12345) == "12.3k");
    REQUIRE(with_suffix(-2.5e9) == "-2.5G");
    REQUIRE(with_suffix(1e18) == "1e+06T");
    REQUIRE(with_commas(0) == "0");
    REQUIRE(with_commas(999) == "999");
    REQUIRE(with_commas(431080) == "431,080");
    REQUIRE(with_commas(-1234567) == "-1,234,567");
    REQUIRE(with_commas(-123) == "-123");
    REQUIRE(percentage(0.975) == "97.5%");
    REQUIRE(clock_text(7.4) == "0:07");
    REQUIRE(clock_text(3723) == "1:02:03");
}
