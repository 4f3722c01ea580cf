#include "xnn/io/safetensors.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"

using namespace xnn;
using namespace xnn::io;

namespace {

const std::filesystem::path fixtures = std::filesystem::path(XNN_FIXTURES) / "formats";

/// The bytes of a file with this header and as many bytes of data.
std::string file_bytes(const std::string& header, std::size_t data) {
    std::string bytes(8, '\0');
    const std::uint64_t length = header.size();
    std::memcpy(bytes.data(), &length, 8);
    return bytes + header + std::string(data, '\1');
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

}  // namespace

TEST_CASE("safetensors: a file of the official library is read", "[io]") {
    const SafetensorsFile file(fixtures / "all_dtypes.safetensors");
    REQUIRE(file.entries().size() == 11);
    REQUIRE(file.metadata() == Metadata{{"format", "pt"}, {"note", "ä \"quoted\""}});

    using Row = Shape<dyn>;
    REQUIRE(float(file.tensor<Tensor<float16, Row>>("f16")(2)) == 65504.0F);
    REQUIRE(float(file.tensor<Tensor<bfloat16, Row>>("bf16")(1)) == -3.0F);
    REQUIRE(file.tensor<Tensor<float, Shape<2, 3>>>("f32")(1, 2) == 1.25F);
    REQUIRE(file.tensor<Tensor<double, Shape<>>>("f64").item() == 3.141592653589793);
    REQUIRE(file.tensor<Tensor<std::uint8_t, Row>>("u8")(1) == 255);
    REQUIRE(file.tensor<Tensor<std::int8_t, Row>>("i8")(0) == -128);
    REQUIRE(file.tensor<Tensor<std::int16_t, Shape<1>>>("i16")(0) == -32768);
    REQUIRE(file.tensor<Tensor<std::int32_t, Shape<1, dyn>>>("i32")(0, 0) == INT32_MIN);
    REQUIRE(file.tensor<Tensor<std::int64_t, Row>>("i64")(0) == INT64_MAX);
    const auto flags = file.tensor<Tensor<bool, Shape<3>>>("bool");
    REQUIRE((flags(0) && !flags(1) && flags(2)));
    REQUIRE(file.tensor<Tensor<float, Shape<dyn, 3>>>("empty").extent(0) == 0);
}

TEST_CASE("safetensors: an entry that is missing or of another type is named", "[io]") {
    const SafetensorsFile file(fixtures / "all_dtypes.safetensors");
    REQUIRE(file.contains("f32"));
    REQUIRE_FALSE(file.contains("f33"));
    REQUIRE_ERROR(file["f33"], "all_dtypes.safetensors", "f33");
    REQUIRE_ERROR((file.tensor<Tensor<double, Shape<2, 3>>>("f32")), "f32", "float64 (2, 3)", "float32 (2, 3)");
    REQUIRE_ERROR((file.tensor<Tensor<float, Shape<dyn, 4>>>("f32")), "float32 (dyn, 4)", "float32 (2, 3)");
    REQUIRE_ERROR((file.tensor<Tensor<float, Shape<dyn>>>("f32")), "float32 (dyn)", "float32 (2, 3)");
}

TEST_CASE("safetensors: the same entries give the same bytes as the official library", "[io]") {
    const TemporaryFolder folder;
    float weight[6] = {0, 1, 2, 3, 4, 5};
    std::int64_t steps = 7;
    const StateDict state{{"a.weight", Dtype::F32, {2, 3}, weight}, {"b.steps", Dtype::I64, {}, &steps}};
    save_safetensors(folder / "mine", state, {{"format", "pt"}});
    REQUIRE(bytes_of(folder / "mine") == bytes_of(fixtures / "same_bytes.safetensors"));
}

TEST_CASE("safetensors: what is saved is loaded", "[io]") {
    const TemporaryFolder folder;
    float weight[3] = {1, 2, 3};
    bool flag = true;
    double nothing = 0;
    std::int16_t steps = -5;
    const StateDict saved{{"flag", Dtype::BOOL, {}, &flag},
                          {"größe \"\\\n", Dtype::F32, {3, 1}, weight},
                          {"none", Dtype::F64, {0, 4}, &nothing},
                          {"steps", Dtype::I16, {1}, &steps}};
    save_safetensors(folder / "file", saved);
    REQUIRE(folder.files() == 1);

    float weight_again[3] = {};
    bool flag_again = false;
    std::int16_t steps_again = 0;
    StateDict target = saved;
    target[0].data = &flag_again;
    target[1].data = weight_again;
    target[3].data = &steps_again;
    const auto result = load_safetensors(folder / "file", target);
    REQUIRE(result.missing_keys.empty());
    REQUIRE(std::ranges::equal(weight, weight_again));
    REQUIRE(flag_again);
    REQUIRE(steps_again == -5);
    const SafetensorsFile file(folder / "file");
    for (const auto& stored : file.entries())  // elements stand at multiples of their size
        REQUIRE((stored.data - file.entries().front().data) % size_of(stored.dtype) == 0);
}

TEST_CASE("safetensors: no entries make a file, too", "[io]") {
    const TemporaryFolder folder;
    save_safetensors(folder / "none", {});
    REQUIRE(SafetensorsFile(folder / "none").entries().empty());
    save_safetensors(folder / "words", {}, {{"a", "b"}, {"c", "d"}});
    REQUIRE(SafetensorsFile(folder / "words").metadata() == Metadata{{"a", "b"}, {"c", "d"}});
}

TEST_CASE("safetensors: a checkpoint of another model changes nothing", "[io]") {
    float weight[4] = {9, 9, 9, 9};
    std::int64_t steps = 9;
    const StateDict target{
        {"b.steps", Dtype::I64, {}, &steps}, {"a.weight", Dtype::F32, {4}, weight}, {"c", Dtype::F32, {4}, weight}};
    REQUIRE_ERROR(load_safetensors(fixtures / "same_bytes.safetensors", target), "same_bytes.safetensors",
                  "a.weight of float32 (2, 3) instead of float32 (4)", "missing c");
    REQUIRE(steps == 9);
    REQUIRE(weight[0] == 9);

    const StateDict part{{"b.steps", Dtype::I64, {}, &steps}, {"c", Dtype::F32, {4}, weight}};
    const auto result = load_safetensors(fixtures / "same_bytes.safetensors", part, false);
    REQUIRE(result.missing_keys == std::vector<std::string>{"c"});
    REQUIRE(result.unexpected_keys == std::vector<std::string>{"a.weight"});
    REQUIRE(steps == 7);
}

TEST_CASE("safetensors: names that a file cannot hold are refused before it is touched", "[io]") {
    const TemporaryFolder folder;
    const auto path = folder.file("file", "old");
    float x = 0;
    const NamedBuffer buffer{"x", Dtype::F32, {}, &x};
    REQUIRE_ERROR(save_safetensors(path, {buffer, buffer}), "file", "once", "x");
    REQUIRE_ERROR(save_safetensors(path, {{"__metadata__", Dtype::F32, {}, &x}}), "__metadata__");
    REQUIRE_ERROR(save_safetensors(path, {{"\xff", Dtype::F32, {}, &x}}), "UTF-8");
    REQUIRE(bytes_of(path) == "old");
    REQUIRE(folder.files() == 1);
}

TEST_CASE("safetensors: every prefix of a file is refused", "[io]") {
    const TemporaryFolder folder;
    const auto whole = bytes_of(fixtures / "same_bytes.safetensors");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto path = folder.file("cut.safetensors", whole.substr(0, size));
        REQUIRE_ERROR(SafetensorsFile{path}, "cut.safetensors", "expected", "got");
    }
}

TEST_CASE("safetensors: a damaged header is refused", "[io]") {
    const TemporaryFolder folder;
    const auto refuses = [&](const std::string& header, std::size_t data, const auto&... words) {
        const auto path = folder.file("bad.safetensors", file_bytes(header, data));
        INFO(header);
        REQUIRE_ERROR(SafetensorsFile{path}, "bad.safetensors", words...);
    };
    const auto a = entry("a", "F32", "[2]", "[0,8]");
    refuses("[]", 0, "JSON object");
    refuses("{", 0, "JSON object");
    refuses("{} x", 0, "JSON object");
    refuses(R"({"a":1})", 0, "a", "dtype, shape and data_offsets");
    refuses(R"({"a":{"dtype":"F32","shape":[2]}})", 0, "data_offsets");
    refuses(R"({"__metadata__":{"a":1}})", 0, "string", "number");
    refuses(R"({"__metadata__":[]})", 0, "object", "array");
    refuses("{" + a + "," + a + "}", 8, "a twice");
    refuses(R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8, "dtype twice");
    refuses("{" + entry("a", "F8_E4M3", "[2]", "[0,2]") + "}", 2, "dtype", "F8_E4M3");
    refuses("{" + entry("a", "F32", "[[2]]", "[0,8]") + "}", 8, "shape");
    refuses("{" + entry("a", "F32", "[[[[2]]]]", "[0,8]") + "}", 8, "nesting");
    refuses("{" + entry("a", "F32", "[-2]", "[0,8]") + "}", 8, "shape", "-2");
    refuses("{" + entry("a", "F32", "[2.0]", "[0,8]") + "}", 8, "shape", "2.0");
    refuses("{" + entry("a", "F32", "[99999999999999999999]", "[0,8]") + "}", 8, "shape");
    refuses("{" + entry("a", "F32", "[4611686018427387904,4]", "[0,8]") + "}", 8,
            "as many bytes");  // wraps around to 0
    refuses("{" + entry("a", "F32", "[3]", "[0,8]") + "}", 8, "float32 (3)", "got 8");
    refuses("{" + entry("a", "F32", "[2]", "[0]") + "}", 8, "data_offsets");
    refuses("{" + entry("a", "F32", "[2]", "[8,0]") + "}", 8, "data_offsets");
    refuses("{" + entry("a", "F32", "[2]", "[0,8]") + "}", 7, "within 7 bytes", "(0, 8)");
    refuses("{" + entry("a", "F32", "[2]", "[18446744073709551608,18446744073709551615]") + "}", 8, "data_offsets");
    refuses("{" + a + "}", 9, "1 bytes more");
    refuses("{" + a + "," + entry("b", "F32", "[2]", "[4,12]") + "}", 12, "b", "overlap");
    refuses("{" + a + "," + entry("b", "F32", "[2]", "[12,20]") + "}", 20, "b", "gap");
    REQUIRE_ERROR(SafetensorsFile{fixtures / "uint16.safetensors"}, "uint16.safetensors: wide", "U16");
    REQUIRE_ERROR(SafetensorsFile{folder / "missing"}, "missing", "readable");
}
