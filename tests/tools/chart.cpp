#include "xnn/tools/chart.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"

using namespace xnn::tools;

TEST_CASE("chart: ticks are round numbers", "[tools]") {
    REQUIRE(nice_ticks(0, 10) == std::vector<double>{0, 2, 4, 6, 8, 10});
    REQUIRE(nice_ticks(1, 3).size() == 5);
    REQUIRE(nice_ticks(-1, 1, 4) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
    REQUIRE(nice_ticks(5, 5) == std::vector<double>{5});
}

TEST_CASE("chart: a chart holds its curves, axes and legend", "[tools]") {
    Chart chart({.title = "LeNet <MNIST>", .x_label = "epoch", .y_label = "loss"});
    chart.add("train & test", {0.5, 0.25, 0.125}).add("other", {1, 3}, {0.4, 0.2});
    const auto svg = chart.svg();
    REQUIRE(mentions(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\"", "LeNet &lt;MNIST>", "train &amp; test", "other",
                     ">epoch<", ">loss<", ">0.2<", "</svg>"));
    REQUIRE_FALSE(mentions(svg, "nan"));

    const TemporaryFolder folder;
    chart.save((folder / "curve.svg").string());
    REQUIRE(bytes_of(folder / "curve.svg") == svg);
}

TEST_CASE("chart: no, constant and broken curves make charts, too", "[tools]") {
    REQUIRE(mentions(Chart().svg(), "</svg>"));
    Chart chart;
    chart.add("constant", {2, 2, 2}).add("broken", {1, NAN, INFINITY, 3});
    const auto svg = chart.svg();
    REQUIRE_FALSE(mentions(svg, "nan"));
    REQUIRE_FALSE(mentions(svg, "inf"));
}

TEST_CASE("chart: a wrong chart is refused", "[tools]") {
    Chart chart;
    REQUIRE_ERROR(chart.add("a", {1, 2}, {1}), "Chart", "2 values", "got 1");
    REQUIRE_ERROR(chart.save("/no such folder/curve.svg"), "/no such folder/curve.svg", "writable");
}
