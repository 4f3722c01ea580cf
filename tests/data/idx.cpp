#include "xnn/data/idx.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"

using namespace xnn;
using namespace xnn::data;

namespace {
const std::filesystem::path packed = std::filesystem::path(XNN_FIXTURES) / "formats" / "int16.idx.gz";
using Bytes = Tensor<std::uint8_t, Shape<dyn>>;
}  // namespace

TEST_CASE("idx: an IDX file is read, packed or plain, in the machine's byte order", "[data]") {
    const TemporaryFolder folder;
    const auto table = load_idx<Tensor<std::int16_t, Shape<dyn, 3>>>(packed);
    REQUIRE(std::ranges::equal(table, std::vector{-300, 0, 300, 1, 2, 3}));
    const auto plain = folder.file("plain.idx", std::string("\0\0\x08\1\0\0\0\2\x05\xff", 10));
    REQUIRE(std::ranges::equal(load_idx<Bytes>(plain), std::vector{5, 255}));
    const auto number = folder.file("scalar.idx", std::string("\0\0\x0D\0\x3F\x80\0\0", 8));
    REQUIRE(load_idx<Tensor<float, Shape<>>>(number).item() == 1.0F);
}

TEST_CASE("idx: a wrong IDX file is refused", "[data]") {
    const TemporaryFolder folder;
    const auto refuses = [&](const std::string& bytes, const auto&... words) {
        const auto path = folder.file("bad.idx", bytes);
        REQUIRE_ERROR(load_idx<Bytes>(path), "bad.idx", words...);
    };
    refuses("", "IDX", "beginning");
    refuses(std::string("\0\1\x08\1\0\0\0\0", 8), "IDX", "beginning");
    refuses(std::string("\0\0\x0A\1\0\0\0\0", 8), "dtype", "got 10");
    refuses(std::string("\0\0\x08\1\0\0\0", 7), "1 extents", "end of the file");
    refuses(std::string("\0\0\x08\1\0\0\0\2\5", 9), "uint8 (2)", "got 1");
    refuses(std::string("\0\0\x08\1\0\0\0\2\5\5\5", 11), "uint8 (2)", "got 3");
    refuses(std::string("\0\0\x08\2\0\0\0\1\0\0\0\1\5", 13), "uint8 (dyn)", "uint8 (1, 1)");
    refuses(std::string("\0\0\x08\3", 4) + std::string(12, '\xff') + "x", "as many bytes");  // more than fits in memory
    REQUIRE_ERROR(load_idx<Bytes>(packed), "int16.idx.gz", "uint8 (dyn)", "int16 (2, 3)");
}
