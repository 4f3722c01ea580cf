// Files of tensors whose memory is out of the host's reach.
#include <catch2/catch.hpp>
#include <cstring>

#include "../support/errors.hpp"
#include "../support/files.hpp"
#include "xnn/io/checkpoint.hpp"
#include "xnn/io/npz.hpp"
#include "xnn/io/safetensors.hpp"
#include "xnn/nn/linear.hpp"

using namespace xnn;
using namespace xnn::io;

namespace {

/// Memory that says something else to whoever reads it as the host's.
void flip(void* to, const void* from, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) static_cast<std::byte*>(to)[i] = ~static_cast<const std::byte*>(from)[i];
}
constexpr xnn::detail::HostAccess flipped{flip, flip};

struct DeviceArray {
    std::vector<float> memory;

    explicit DeviceArray(const std::vector<float>& values) : memory(values.size()) { flip(memory.data(), values.data(), values.size() * sizeof(float)); }
    std::vector<float> values() const {
        std::vector<float> result(memory.size());
        flip(result.data(), memory.data(), memory.size() * sizeof(float));
        return result;
    }
    NamedBuffer named(const std::string& name) { return {name, Dtype::F32, {static_cast<index_t>(memory.size())}, memory.data(), false, &flipped}; }
};

using Save = void (*)(const std::filesystem::path&, const StateDict&);
using Load = void (*)(const std::filesystem::path&, const StateDict&);

}  // namespace

TEST_CASE("files of tensors on a device go through the host", "[io]") {
    struct Format {
        const char* name;
        Save save;
        Load load;
    };
    const Format formats[] = {
        {"safetensors", [](auto& path, auto& state) { save_safetensors(path, state); }, [](auto& path, auto& state) { load_safetensors(path, state); }},
        {"pt", save_pt, [](auto& path, auto& state) { load_pt(path, state); }},
        {"npz", save_npz, [](auto& path, auto& state) { load_npz(path, state); }},
        {"packed npz", save_npz_compressed, [](auto& path, auto& state) { load_npz(path, state); }},
    };
    const std::vector<float> values{1, -2.5F, 3}, more{7, 8};
    for (const Format& format : formats) {
        INFO(format.name);
        const TemporaryFolder folder;
        DeviceArray a(values), b(more);
        format.save(folder / "state", {a.named("a"), b.named("b")});

        std::vector<float> host_a(3), host_b(2);
        format.load(folder / "state", {{"a", Dtype::F32, {3}, host_a.data()}, {"b", Dtype::F32, {2}, host_b.data()}});
        REQUIRE(host_a == values);
        REQUIRE(host_b == more);

        DeviceArray to_a({0, 0, 0}), to_b({0, 0});
        format.load(folder / "state", {to_a.named("a"), to_b.named("b")});
        REQUIRE(to_a.values() == values);
        REQUIRE(to_b.values() == more);
        REQUIRE_ERROR(format.load(folder / "state", {to_b.named("a"), to_b.named("b")}), "a of float32 (3) instead of float32 (2)");
        REQUIRE(to_b.values() == more);
    }
}

TEST_CASE("a file of PyTorch's that two tensors on a device share has their elements once", "[io]") {
    const TemporaryFolder folder;
    DeviceArray shared({1, 2, 3});
    save_pt(folder / "shared.pt", {shared.named("a"), shared.named("b")});
    REQUIRE(ZipReader(folder / "shared.pt").entries().size() == 4);  // pickle, byte order, one storage, version
}
