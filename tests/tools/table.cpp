#include "xnn/tools/table.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"

using namespace xnn::tools;

TEST_CASE("table: columns are aligned", "[tools]") {
    Table table({"layer", "größe"});
    table.align(1, Align::right).add({"conv1", "520"}).add({"fc", "25,050,123"}).rule().add({"", "1"});
    REQUIRE(table.text() ==
            "layer       größe\n"
            "─────────────────\n"
            "conv1         520\n"
            "fc     25,050,123\n"
            "─────────────────\n"
            "                1\n");
}

TEST_CASE("table: a row of another length is refused", "[tools]") {
    Table table({"a", "b"});
    REQUIRE_ERROR(table.add({"1"}), "Table", "2 cells", "got 1");
    REQUIRE_ERROR(table.align(2, Align::right), "Table", "column 2");
    REQUIRE(table.text() == "a  b\n────\n");
}
