#include "xnn/io/npy.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"

using namespace xnn;
using namespace xnn::io;

namespace {
const std::filesystem::path fixtures = std::filesystem::path(XNN_FIXTURES) / "formats";

/// Loads what numpy wrote and saves it again: the bytes must be numpy's.
template <class TensorType>
TensorType round_trip(const std::string& name) {
    const TemporaryFolder folder;
    const auto tensor = load_npy<TensorType>(fixtures / name);
    save_npy(folder / name, tensor);
    REQUIRE(bytes_of(folder / name) == bytes_of(fixtures / name));
    return tensor;
}
}  // namespace

TEST_CASE("npy: numpy's files are read and written byte for byte", "[io]") {
    REQUIRE(round_trip<Tensor<float, Shape<dyn, 3>>>("float32.npy")(1, 2) == 5);
    REQUIRE(round_trip<Tensor<float, Shape<2, 3>>>("float32.npy")(0, 1) == 1);
    REQUIRE(round_trip<Tensor<double, Shape<dyn>>>("float64.npy")(1) == -1e300);
    REQUIRE(float(round_trip<Tensor<float16, Shape<dyn>>>("float16.npy")(1)) == 65504.0F);
    REQUIRE(round_trip<Tensor<std::uint8_t, Shape<dyn, dyn>>>("uint8.npy")(1, 0) == 255);
    REQUIRE(round_trip<Tensor<std::int8_t, Shape<dyn>>>("int8.npy")(0) == -128);
    REQUIRE(round_trip<Tensor<std::int16_t, Shape<dyn>>>("int16.npy")(0) == -32768);
    REQUIRE(round_trip<Tensor<std::int32_t, Shape<dyn>>>("int32.npy")(0) == INT32_MIN);
    REQUIRE(round_trip<Tensor<std::int64_t, Shape<dyn>>>("int64.npy")(0) == INT64_MAX);
    REQUIRE_FALSE(round_trip<Tensor<bool, Shape<dyn>>>("bool.npy")(1));
    REQUIRE(round_trip<Tensor<double, Shape<>>>("scalar.npy").item() == 2.5);
    REQUIRE(round_trip<Tensor<float, Shape<dyn, dyn>>>("empty.npy").extent(1) == 3);
}

TEST_CASE("npy: the later versions of the format are read", "[io]") {
    REQUIRE(load_npy<Tensor<float, Shape<2, 3>>>(fixtures / "version2.npy")(1, 2) == 5);
    REQUIRE(load_npy<Tensor<float, Shape<2, 3>>>(fixtures / "version3.npy")(1, 2) == 5);
}

TEST_CASE("npy: an array of another type is named", "[io]") {
    using Table = Tensor<float, Shape<dyn, dyn>>;
    REQUIRE_ERROR(load_npy<Table>(fixtures / "float64.npy"), "float64.npy", "float32 (dyn, dyn)", "float64 (2)");
    REQUIRE_ERROR((load_npy<Tensor<float, Shape<3, dyn>>>(fixtures / "float32.npy")), "float32 (3, dyn)",
                  "float32 (2, 3)");
    REQUIRE_ERROR(load_npy<Table>(fixtures / "fortran.npy"), "fortran.npy", "C order", "Fortran");
    REQUIRE_ERROR(load_npy<Table>(fixtures / "big_endian.npy"), "big_endian.npy", "little-endian", ">f4");
    REQUIRE_ERROR(load_npy<Table>(fixtures / "uint16.npy"), "<u2");
    REQUIRE_ERROR(load_npy<Table>(fixtures / "structured.npy"), "one dtype", "structured");
    REQUIRE_ERROR(load_npy<Table>(fixtures / "missing.npy"), "missing.npy", "readable");
}

TEST_CASE("npy: every prefix of a file is refused, and every extension", "[io]") {
    const TemporaryFolder folder;
    const auto whole = bytes_of(fixtures / "float32.npy");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto path = folder.file("cut.npy", whole.substr(0, size));
        REQUIRE_ERROR((load_npy<Tensor<float, Shape<2, 3>>>(path)), "cut.npy", "expected", "got");
    }
    REQUIRE_ERROR((load_npy<Tensor<float, Shape<2, 3>>>(folder.file("long.npy", whole + "x"))), "long.npy", "got 25");
}

TEST_CASE("npy: a damaged header is refused", "[io]") {
    const TemporaryFolder folder;
    const auto refuses = [&](const std::string& header, const auto&... words) {
        std::string bytes = "\x93NUMPY";
        bytes += std::string("\1\0", 2) + static_cast<char>(header.size()) + '\0' + header;
        const auto path = folder.file("bad.npy", bytes);
        INFO(header);
        REQUIRE_ERROR((load_npy<Tensor<float, Shape<dyn>>>(path)), "bad.npy", words...);
    };
    refuses("", "header");
    refuses("{", "header");
    refuses("{}", "header");
    refuses("{'descr': '<f4', 'fortran_order': False}", "header");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)} x", "header");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), 'more': 1}", "header");
    refuses("{'descr': '<f4', 'fortran_order': Perhaps, 'shape': (0,)}", "header");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "header");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", "header");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "header");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "as many bytes");
    refuses("{'descr': '<f4, 'fortran_order': False, 'shape': (0,)}", "expected", "got");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "float32 (1)", "got 0");
}
