#include "xnn/io/gzip.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"

using namespace xnn::io;

namespace {
const std::filesystem::path packed = std::filesystem::path(XNN_FIXTURES) / "formats" / "int16.idx.gz";

std::string text(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
}  // namespace

TEST_CASE("gzip: a packed file is unpacked, a plain one taken as it is", "[io]") {
    const TemporaryFolder folder;
    const auto plain = text(read_file_unpacked(packed));
    REQUIRE(plain.size() == 24);
    REQUIRE(text(read_file_unpacked(folder.file("plain", plain))) == plain);
    REQUIRE(text(read_file_unpacked(folder.file("two.gz", bytes_of(packed) + bytes_of(packed)))) == plain + plain);
}

TEST_CASE("gzip: damaged packed files are refused", "[io]") {
    const TemporaryFolder folder;
    const auto whole = bytes_of(packed);
    for (std::size_t size = 2; size < whole.size(); ++size)
        REQUIRE_ERROR(read_file_unpacked(folder.file("cut.gz", whole.substr(0, size))), "cut.gz", "complete",
                      "cut off");
    REQUIRE_ERROR(read_file_unpacked(folder.file("long.gz", whole + "abc")), "long.gz", "3 bytes more");
    auto damaged = whole;
    damaged[damaged.size() - 6] ^= 1;  // within the checksum
    REQUIRE_ERROR(read_file_unpacked(folder.file("bad.gz", damaged)), "bad.gz", "intact");
}
