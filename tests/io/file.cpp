#include "xnn/io/file.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"

using namespace xnn::io;

TEST_CASE("file: reading a file gives its bytes or names it", "[io]") {
    const TemporaryFolder folder;
    REQUIRE(read_file(folder.file("some", "abc")).size() == 3);
    REQUIRE(read_file(folder.file("none", "")).empty());
    REQUIRE_ERROR(read_file(folder / "missing"), "missing", "readable");
    REQUIRE_ERROR(read_file(folder.path()), folder.path().string(), "readable");
}

TEST_CASE("file: a file appears whole or not at all", "[io]") {
    const TemporaryFolder folder;
    const auto path = folder.file("checkpoint", "old");
    {
        AtomicFile file(path);
        file.write("half");
        REQUIRE(bytes_of(path) == "old");
    }
    REQUIRE(bytes_of(path) == "old");
    REQUIRE(folder.files() == 1);

    AtomicFile file(path);
    file.write("new");
    file.commit();
    REQUIRE(bytes_of(path) == "new");
    REQUIRE(folder.files() == 1);
}

TEST_CASE("file: a file that cannot be written is named", "[io]") {
    const TemporaryFolder folder;
    REQUIRE_ERROR(AtomicFile(folder / "no such folder/file"), "no such folder/file", "writable");
    std::filesystem::create_directories(folder / "taken/inside");
    AtomicFile file(folder / "taken");
    REQUIRE_ERROR(file.commit(), "taken", "writable");
}
