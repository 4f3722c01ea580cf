#include "xnn/io/csv.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "../support/errors.hpp"
#include "../support/files.hpp"

using namespace xnn;
using namespace xnn::io;

TEST_CASE("csv: a table of numbers is read", "[io]") {
    const TemporaryFolder folder;
    const auto table = load_csv<double>(folder.file("plain.csv", "1,2.5,-3\n+4e2, .5 ,\"6\"\n"));
    REQUIRE(table.shape() == Shape<2, 3>{});
    REQUIRE(std::ranges::equal(table, std::vector{1.0, 2.5, -3.0, 400.0, 0.5, 6.0}));
}

TEST_CASE("csv: line ends, blank lines, a byte order mark and other delimiters do not matter", "[io]") {
    const TemporaryFolder folder;
    const auto path = folder.file("semicolon.csv",
                                  "\xEF\xBB\xBF"
                                  "a;\"b\"\r\n\r\n1;2\r\n3;4");
    const auto table = load_csv<int>(path, {.delimiter = ';', .header = true});
    REQUIRE(std::ranges::equal(table, std::vector{1, 2, 3, 4}));
    REQUIRE(load_csv_header(path, ';') == std::vector<std::string>{"a", "b"});
    REQUIRE(load_csv<int>(folder.file("tab.csv", "1\t2\n"), {.delimiter = '\t'}).extent(1) == 2);
}

TEST_CASE("csv: a table may have no rows", "[io]") {
    const TemporaryFolder folder;
    REQUIRE(load_csv<float>(folder.file("none.csv", "")).shape() == Shape<0, 0>{});
    REQUIRE(load_csv<float>(folder.file("names.csv", "a,b\n"), {.header = true}).shape() == Shape<0, 2>{});
    REQUIRE_ERROR(load_csv_header(folder / "none.csv"), "none.csv", "names", "empty");
}

TEST_CASE("csv: what is no number is named by line and column", "[io]") {
    const TemporaryFolder folder;
    const auto refuses = [&](const std::string& text, const auto&... words) {
        const auto path = folder.file("bad.csv", text);
        INFO(text);
        REQUIRE_ERROR(load_csv<float>(path), "bad.csv", words...);
    };
    refuses("1,2\n3,four\n", "line 2, column 2", "number of float32", "\"four\"");
    refuses("1,2\n\n3,\n", "line 3, column 2", "\"\"");
    refuses("1,2 3\n", "line 1, column 2", "\"2 3\"");
    refuses("1,1e99\n", "line 1, column 2", "1e99");
    refuses("1,+-2\n", "line 1, column 2");
    refuses("1,2\n3\n", "line 2, column 1", "2 fields", "got 1");
    refuses("1,2\n3,4,5\n", "line 2, column 3", "2 fields", "more");
    REQUIRE_ERROR(load_csv<std::uint8_t>(folder.file("wide.csv", "256\n")), "line 1, column 1", "uint8", "256");
    REQUIRE_ERROR(load_csv<int>(folder.file("real.csv", "1.5\n")), "int32", "1.5");
    REQUIRE_ERROR(load_csv<int>(folder.file("header.csv", "a,b\n1\n"), {.header = true}), "line 2", "2 fields");
    REQUIRE_ERROR(load_csv<int>(folder / "missing.csv"), "missing.csv");
}

TEST_CASE("csv: what is written is read exactly", "[io]") {
    const TemporaryFolder folder;
    using Limits = std::numeric_limits<double>;
    const Tensor<double, Shape<2, 3>> table{0.1,  -1.0 / 3,          Limits::max(), Limits::denorm_min(),
                                            -0.0, Limits::infinity()};
    save_csv(folder / "out.csv", table, {"a", "b", "c"}, ';');
    REQUIRE(load_csv_header(folder / "out.csv", ';').size() == 3);
    REQUIRE(std::ranges::equal(load_csv<double>(folder / "out.csv", {.delimiter = ';', .header = true}), table));

    const Tensor<std::int8_t, Shape<1, 2>> small{-128, 7};
    save_csv(folder / "small.csv", small);
    REQUIRE(bytes_of(folder / "small.csv") == "-128,7\n");
}

TEST_CASE("csv: names that do not fit are refused", "[io]") {
    const TemporaryFolder folder;
    const Tensor<float, Shape<1, 2>> table{1, 2};
    REQUIRE_ERROR(save_csv(folder / "out.csv", table, {"a"}), "2 names", "got 1");
    REQUIRE_ERROR(save_csv(folder / "out.csv", table, {"a", "b,c"}), "delimiters", "b,c");
    REQUIRE(folder.files() == 0);
}
