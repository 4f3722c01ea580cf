#include "xnn/io/npz.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/optim/adam.hpp"

using namespace xnn;
using namespace xnn::io;

namespace {

const std::filesystem::path fixtures = std::filesystem::path(XNN_FIXTURES) / "formats";

struct Net : nn::Module<Net> {
    nn::Linear<3, 2> fc;
    nn::BatchNorm1d<2> norm;
};

template <class T, class S>
Tensor<T, S> read_one(const std::filesystem::path& path, const std::string& name) {
    const NpzFile file(path);
    for (const auto& entry : file.entries())
        if (entry.name == name) return to_tensor<Tensor<T, S>>(file.source(), entry);
    FAIL("no entry " + name);
    return {};
}

}  // namespace

TEST_CASE("npz: numpy's arrays of every dtype are read", "[io]") {
    const auto path = fixtures / "all_dtypes.npz";
    REQUIRE(float(read_one<float16, Shape<2>>(path, "f16")(1)) == 65504.0F);
    REQUIRE(read_one<float, Shape<2, 3>>(path, "fc.weight")(1, 2) == 5);
    REQUIRE(read_one<double, Shape<>>(path, "f64").item() == 2.5);
    REQUIRE(read_one<std::uint8_t, Shape<2, 1>>(path, "u8")(1, 0) == 255);
    REQUIRE(read_one<std::int8_t, Shape<2>>(path, "i8")(0) == -128);
    REQUIRE(read_one<std::int16_t, Shape<1>>(path, "i16")(0) == -32768);
    REQUIRE(read_one<std::int32_t, Shape<1>>(path, "i32")(0) == INT32_MIN);
    REQUIRE(read_one<std::int64_t, Shape<1>>(path, "i64")(0) == INT64_MAX);
    REQUIRE(read_one<bool, Shape<2>>(path, "bool")(0));
    REQUIRE(read_one<float, Shape<0, 3>>(path, "empty").size() == 0);
    REQUIRE(NpzFile(path).entries().size() == 10);
    const auto bytes = read_file(path);
    REQUIRE(NpzFile("memory", bytes).entries().size() == 10);
}

TEST_CASE("npz: a state dict goes into a file and back", "[io]") {
    const TemporaryFolder folder;
    const auto path = folder / "net.npz";
    Net net, again;
    net.norm.num_batches_tracked.value().data()[0] = 7;
    save_npz(path, net.state_dict());
    REQUIRE(folder.files() == 1);
    const auto result = load_npz(path, again.state_dict());
    REQUIRE(result.missing_keys.empty());
    REQUIRE(std::equal(net.fc.weight.data(), net.fc.weight.data() + 6, again.fc.weight.data()));
    REQUIRE(again.norm.num_batches_tracked.value().item() == 7);
    const auto first = bytes_of(path);
    save_npz(path, again.state_dict());
    REQUIRE(bytes_of(path) == first);

    save_npz(folder / "nothing.npz", {});
    REQUIRE(NpzFile(folder / "nothing.npz").entries().empty());

    optim::Adam optimizer{net, {.lr = 0.25, .betas = {0.5, 0.75}, .amsgrad = true}}, other{net, {.amsgrad = true}};
    save_npz(path, optimizer.state_dict("optimizer."));
    load_npz(path, other.state_dict("optimizer."));
    REQUIRE(other.param_groups()[0].options.lr == 0.25);
    REQUIRE(other.param_groups()[0].options.betas.second == 0.75);
}

TEST_CASE("npz: packed arrays are numpy's, and no larger than the user says", "[io]") {
    const auto path = fixtures / "packed.npz";
    const auto table = read_one<double, Shape<100>>(path, "table");
    REQUIRE(std::ranges::all_of(table, [](double x) { return x == 0; }));
    REQUIRE(std::filesystem::file_size(path) < 400);
    REQUIRE(NpzFile(path, 1000).entries().size() == 1);
    REQUIRE_ERROR(NpzFile(path, 900), "packed.npz", "packed entries that take at most 900 bytes", "table.npy of 928");
    REQUIRE_ERROR(NpzFile(path, 0), "packed.npz: table.npy", "a packed");

    auto bytes = read_file(path);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto size = text.find("PK\1\2") + 24;  // of the array before it was packed
    bytes[size + 3] = std::byte{0x7f};
    REQUIRE_ERROR(NpzFile("memory", bytes), "table.npy", "more bytes than it can hold");
    bytes[size + 3] = std::byte{0};
    bytes[size] = std::byte{0xa1};  // one more than there are
    REQUIRE_ERROR(NpzFile("memory", bytes), "table.npy", "an intact entry");

    const TemporaryFolder folder;
    nn::Linear<64, 64> zeros, again;
    zeros.weight.value().fill(0);
    zeros.bias.value().fill(3);
    save_npz_compressed(folder / "zeros.npz", zeros.state_dict());
    REQUIRE(std::filesystem::file_size(folder / "zeros.npz") < 2000);
    load_npz(folder / "zeros.npz", again.state_dict());
    REQUIRE(again.weight.value()(1, 1) == 0);
    REQUIRE(again.bias.value()(63) == 3);
}

TEST_CASE("npz: what does not fit changes nothing and is named", "[io]") {
    Net net;
    const float before = net.fc.weight.data()[5];
    REQUIRE_ERROR(load_npz(fixtures / "all_dtypes.npz", net.state_dict()), "all_dtypes.npz", "unexpected f16", "missing fc.bias");
    REQUIRE(net.fc.weight.data()[5] == before);
    const auto result = load_npz(fixtures / "all_dtypes.npz", net.state_dict(), false);
    REQUIRE(result.unexpected_keys.size() == 9);
    REQUIRE(net.fc.weight.data()[5] == 5);
    nn::Linear<4, 2> wider;
    REQUIRE_ERROR(load_npz(fixtures / "all_dtypes.npz", wider.state_dict("fc"), false), "fc.weight of float32 (2, 3) instead of float32 (2, 4)");
}

TEST_CASE("npz: files that are none are refused", "[io]") {
    const TemporaryFolder folder;
    REQUIRE_ERROR(NpzFile(fixtures / "fortran.npz"), "fortran.npz: table.npy", "Fortran order");
    REQUIRE_ERROR(NpzFile(fixtures / "other.npz"), "other.npz", "an archive of .npy files", "readme.txt");
    REQUIRE_ERROR(NpzFile(fixtures / "float32.npy"), "float32.npy", "a zip archive");
    REQUIRE_ERROR(NpzFile(folder / "none.npz"), "none.npz", "a readable file");
    Tensor<bfloat16, Shape<2>> wide;
    const StateDict state{{"wide", Dtype::BF16, {2}, wide.data()}};
    REQUIRE_ERROR(save_npz(folder / "bf16.npz", state), "wide", "a dtype that numpy has", "bfloat16");
    Tensor<float, Shape<2>> one;
    const StateDict twice{{"a", Dtype::F32, {2}, one.data()}, {"a", Dtype::F32, {2}, one.data()}};
    REQUIRE_ERROR(save_npz(folder / "twice.npz", twice), "each name once", "a");
    REQUIRE_ERROR(save_npz(folder / "no such folder/a.npz", {}), "no such folder", "writable");
    REQUIRE(folder.files() == 0);
}
