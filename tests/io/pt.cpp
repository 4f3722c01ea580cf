#include "xnn/io/pt.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/files.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/normalization.hpp"

using namespace xnn;
using namespace xnn::io;

namespace {

const std::filesystem::path fixtures = std::filesystem::path(XNN_FIXTURES) / "checkpoints";

struct Net : nn::Module<Net> {
    nn::Linear<3, 2> fc;
    nn::BatchNorm1d<2> norm;
};

template <class T, class S>
StateDict one(const std::string& name, Tensor<T, S>& tensor) {
    const auto extents = tensor.shape().extents();
    return {{name, dtype_of<T>, {extents.begin(), extents.end()}, tensor.data()}};
}

/// An entry of a file as a tensor, and nothing else of it.
template <class T, class S>
Tensor<T, S> read_one(const std::filesystem::path& path, const std::string& name) {
    Tensor<T, S> result;
    const auto found = load_pt(path, one(name, result), false);
    REQUIRE(found.missing_keys.empty());
    return result;
}

template <class T, class S>
std::vector<double> numbers(const Tensor<T, S>& tensor) {
    std::vector<double> result;
    for (index_t i = 0; i < tensor.size(); ++i)
        result.push_back(static_cast<double>(static_cast<compute_t<T>>(tensor.data()[i])));
    return result;
}

/// Writes an archive of these entries.
std::filesystem::path archive(const TemporaryFolder& folder, const std::string& name,
                              const std::vector<std::pair<std::string, std::string>>& entries) {
    ZipWriter zip(folder / name);
    for (const auto& [entry, bytes] : entries) zip.add(entry, bytes.data(), bytes.size());
    zip.commit();
    return folder / name;
}

/// The pickle of a file of torch.save.
std::string pickle_of(const std::filesystem::path& path) {
    const ZipReader zip(path);
    return zip.read<std::string>(*zip.find(path.stem().string() + "/data.pkl"));
}

const std::vector<double> weights{0, 0.125, 0.25, 0.375, 0.5, 0.625};

}  // namespace

TEST_CASE("pt: tensors of every dtype are PyTorch's", "[io]") {
    const auto path = fixtures / "all_dtypes.pt";
    REQUIRE(numbers(read_one<float16, Shape<3>>(path, "f16")) == std::vector<double>{0.5, -2, 65504});
    REQUIRE(numbers(read_one<bfloat16, Shape<2>>(path, "bf16")) == std::vector<double>{1, -3});
    REQUIRE(numbers(read_one<float, Shape<2, 3>>(path, "f32")) == std::vector<double>{0, 0.25, 0.5, 0.75, 1, 1.25});
    REQUIRE(numbers(read_one<double, Shape<>>(path, "f64")) == std::vector<double>{3.141592653589793});
    REQUIRE(numbers(read_one<std::uint8_t, Shape<2>>(path, "u8")) == std::vector<double>{0, 255});
    REQUIRE(numbers(read_one<std::int8_t, Shape<2>>(path, "i8")) == std::vector<double>{-128, 127});
    REQUIRE(numbers(read_one<std::int16_t, Shape<1>>(path, "i16")) == std::vector<double>{-32768});
    REQUIRE(read_one<std::int32_t, Shape<1, 1>>(path, "i32")(0, 0) == INT32_MIN);
    REQUIRE(read_one<std::int64_t, Shape<2>>(path, "i64")(0) == INT64_MAX);
    REQUIRE(numbers(read_one<bool, Shape<3>>(path, "bool")) == std::vector<double>{1, 0, 1});
    REQUIRE(numbers(read_one<float, Shape<0, 3>>(path, "empty")).empty());
}

TEST_CASE("pt: views of a shared storage have their own elements", "[io]") {
    const auto path = fixtures / "views.pt";
    const auto permuted = read_one<float, Shape<4, 2, 3>>(path, "permuted");
    for (index_t i = 0; i < 24; ++i) REQUIRE(permuted(i % 4, i / 12, i / 4 % 3) == static_cast<float>(i));
    REQUIRE(numbers(read_one<float, Shape<2, 2, 2>>(path, "steps")) ==
            std::vector<double>{1, 3, 9, 11, 13, 15, 21, 23});
    REQUIRE(numbers(read_one<float, Shape<2, 1>>(path, "column")) == std::vector<double>{7, 19});
    REQUIRE(numbers(read_one<float, Shape<2, 2>>(path, "expanded")) == std::vector<double>{23, 23, 23, 23});
    REQUIRE(numbers(read_one<float, Shape<3, 4>>(path, "expanded_rows")) ==
            std::vector<double>{0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8});
    REQUIRE(numbers(read_one<float, Shape<0, 0, 4>>(path, "none")).empty());
    REQUIRE(read_one<float, Shape<2, 3, 4>>(path, "cube")(1, 2, 3) == 23);
}

TEST_CASE("pt: a state dict goes into a module", "[io]") {
    for (const std::string name : {"model.pt", "protocol4.pt"}) {
        Net net;
        const auto result = load_pt(fixtures / name, net.state_dict());
        REQUIRE(result.missing_keys.empty());
        REQUIRE(result.unexpected_keys.empty());
        REQUIRE(numbers(net.fc.weight.value()) == weights);
        REQUIRE(numbers(net.norm.weight.value()) == std::vector<double>{0, 0.125});
        REQUIRE(net.norm.num_batches_tracked.value().item() == 1);
    }
    Net net;
    const auto result = load_pt(fixtures / "parameters.pt", net.state_dict(), false);  // of type nn.Parameter
    REQUIRE(numbers(net.fc.weight.value()) == weights);
    REQUIRE(result.missing_keys ==
            std::vector<std::string>{"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"});
}

TEST_CASE("pt: what was saved on a GPU is read where the state dict stands", "[io]") {
    const TemporaryFolder folder;
    const ZipReader zip(fixtures / "model.pt");
    std::vector<std::pair<std::string, std::string>> entries;
    for (std::size_t i = 0; i < zip.entries().size(); ++i) entries.emplace_back(zip.entries()[i].name, zip.read<std::string>(i));
    std::string& pickle = entries.front().second;
    const std::string_view host("X\3\0\0\0cpu", 8), device("X\6\0\0\0cuda:0", 11);  // the place of a storage, as torch.save names it
    const auto place = pickle.find(host);
    REQUIRE(place != std::string::npos);
    pickle.replace(place, host.size(), device);

    Net net;
    load_pt(archive(folder, "model.pt", entries), net.state_dict());
    REQUIRE(numbers(net.fc.weight.value()) == weights);
}

TEST_CASE("pt: a state dict within a checkpoint is named", "[io]") {
    const auto path = fixtures / "nested.pt";
    for (const auto& entry : {std::vector<std::string>{"model"}, {"ema", "model"}}) {
        Net net;
        load_pt(path, net.state_dict(), true, entry);
        REQUIRE(numbers(net.fc.weight.value()) == weights);
    }
    Net net;
    const auto before = numbers(net.fc.weight.value());
    REQUIRE_ERROR(load_pt(path, net.state_dict()), "nested.pt", "a dictionary as model", "has to be named");
    REQUIRE_ERROR(load_pt(path, net.state_dict(), true, {"epoch"}), "a dictionary of tensors", "an int");
    REQUIRE_ERROR(load_pt(path, net.state_dict(), true, {"modell"}), "an entry modell", "model, ema, optimizer");
    REQUIRE_ERROR(load_pt(path, net.state_dict(), true, {"epoch", "model"}), "a dictionary", "an int");
    REQUIRE(numbers(net.fc.weight.value()) == before);
}

TEST_CASE("pt: what else a checkpoint holds can be read", "[io]") {
    const PtFile file(fixtures / "nested.pt");
    const auto contents = file.contents();
    REQUIRE(contents.size() == 12);
    REQUIRE(contents.key(0).text() == "model");
    REQUIRE(contents["epoch"].integer() == 3);
    REQUIRE(contents["step"].integer() == -5000000000);
    REQUIRE(contents["seed"].number() == std::ldexp(1.0, 70));
    REQUIRE(contents["lr"].number() == 0.5);
    REQUIRE(contents["note"].text() == "größe");
    REQUIRE(contents["history"].size() == 2);
    REQUIRE(contents["history"][0].number() == 1.5);
    REQUIRE(contents["history"][1].number() == 2);
    REQUIRE(contents["size"].is(PickleKind::tuple));
    REQUIRE(contents["size"][1].integer() == 3);
    REQUIRE(contents["best"].is(PickleKind::none));
    REQUIRE(contents["done"].boolean());
    REQUIRE(contents["optimizer"]["param_groups"][0]["lr"].number() == 0.5);
    REQUIRE(contents["optimizer"]["state"].key(1).integer() == 1);
    REQUIRE(contents["model"]["fc.weight"].extents() == std::vector<index_t>{2, 3});
    REQUIRE_ERROR(contents["note"].integer(), "nested.pt", "an int", "a string");
    REQUIRE_ERROR(contents["history"][2], "below 2");
    REQUIRE_ERROR(contents["history"]["a"], "a dictionary", "a list");
    REQUIRE_ERROR(contents["epoch"].size(), "a list", "an int");
}

TEST_CASE("pt: a checkpoint of another model changes nothing and says all", "[io]") {
    struct Other : nn::Module<Other> {
        nn::Linear<4, 2> fc;
        nn::BatchNorm1d<2> norm;
        nn::Linear<2, 2, false> out;
    } net;
    const auto before = numbers(net.fc.weight.value());
    REQUIRE_ERROR(load_pt(fixtures / "model.pt", net.state_dict()), "model.pt",
                  "fc.weight of float32 (2, 3) instead of float32 (2, 4)", "missing out.weight");
    REQUIRE_ERROR(load_pt(fixtures / "model.pt", net.state_dict(), false), "fc.weight of float32 (2, 3)");
    REQUIRE(numbers(net.fc.weight.value()) == before);
    REQUIRE(numbers(net.norm.weight.value()) == std::vector<double>{1, 1});

    nn::BatchNorm1d<2> norm;
    auto state = norm.state_dict("norm");
    REQUIRE_ERROR(load_pt(fixtures / "model.pt", state), "unexpected fc.weight, fc.bias");
    const auto result = load_pt(fixtures / "model.pt", state, false);
    REQUIRE(result.unexpected_keys == std::vector<std::string>{"fc.weight", "fc.bias"});
    REQUIRE(numbers(norm.weight.value()) == std::vector<double>{0, 0.125});
}

TEST_CASE("pt: what is saved is loaded", "[io]") {
    const TemporaryFolder folder;
    Net net, again;
    net.norm.num_batches_tracked.value().data()[0] = 7;
    save_pt(folder / "net.pt", net.state_dict());
    REQUIRE(folder.files() == 1);
    load_pt(folder / "net.pt", again.state_dict());
    REQUIRE(numbers(again.fc.weight.value()) == numbers(net.fc.weight.value()));
    REQUIRE(again.norm.num_batches_tracked.value().item() == 7);
    save_pt(folder / "again.pt", again.state_dict());
    auto first = bytes_of(folder / "net.pt"), second = bytes_of(folder / "again.pt");
    save_pt(folder / "net.pt", again.state_dict());
    REQUIRE(bytes_of(folder / "net.pt") == first);
    REQUIRE(pickle_of(folder / "again.pt") == pickle_of(folder / "net.pt"));
}

TEST_CASE("pt: every dtype is saved; shared memory once", "[io]") {
    const TemporaryFolder folder;
    std::vector<std::byte> memory(64, std::byte{1});
    StateDict state;
    for (int i = 0; i < 10; ++i)
        state.push_back({"t" + std::to_string(i), static_cast<Dtype>(i), {2, 1}, memory.data()});
    state.push_back({"tied", Dtype::F32, {2}, memory.data()});
    state.push_back({"empty", Dtype::F32, {0, 70000, 3}, nullptr});
    state.push_back({"größe \"\\\n", Dtype::I64, {}, memory.data()});
    save_pt(folder / "all.pt", state);
    PtFile file(folder / "all.pt");
    const auto entries = file.entries();
    REQUIRE(entries.size() == state.size());
    for (std::size_t i = 0; i < state.size(); ++i) {
        REQUIRE(entries[i].name == state[i].name);
        REQUIRE(entries[i].dtype == state[i].dtype);
        REQUIRE(entries[i].extents == state[i].extents);
    }
    REQUIRE(entries[10].data == entries[2].data);
    REQUIRE(std::memcmp(entries[3].data, memory.data(), 16) == 0);
}

TEST_CASE("pt: names that a file cannot hold are refused before it is touched", "[io]") {
    const TemporaryFolder folder;
    const auto path = folder.file("file.pt", "old");
    float x = 0;
    const NamedBuffer buffer{"x", Dtype::F32, {}, &x};
    REQUIRE_ERROR(save_pt(path, {buffer, buffer}), "file.pt", "once", "x");
    for (const std::string name : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"})
        REQUIRE_ERROR(save_pt(path, {{name, Dtype::F32, {}, &x}}), "UTF-8");
    REQUIRE(bytes_of(path) == "old");
    REQUIRE_ERROR(save_pt(folder / "no" / "file.pt", {buffer}), "file.pt", "writable");
    REQUIRE(folder.files() == 1);
}

TEST_CASE("pt: what a pickle names is not run but refused by its name", "[io]") {
    std::filesystem::remove("/tmp/xnn-was-here");
    for (const std::string name : {"evil.pt", "evil_protocol1.pt", "evil_protocol5.pt"})
        REQUIRE_ERROR(PtFile(fixtures / name), name, "posix.system");
    REQUIRE(!std::filesystem::exists("/tmp/xnn-was-here"));
    REQUIRE_ERROR(PtFile(fixtures / "whole_module.pt"), "whole_module.pt", "torch.nn.modules.container.Sequential");
}

TEST_CASE("pt: files of other formats are refused by their names", "[io]") {
    const TemporaryFolder folder;
    REQUIRE_ERROR(PtFile(fixtures / "legacy.pt"), "legacy.pt", "zip", "legacy format");
    REQUIRE_ERROR(PtFile(folder.file("text.pt", "hello")), "text.pt", "zip archive", "another beginning");
    REQUIRE_ERROR(PtFile(folder.file("empty.pt", "")), "empty.pt", "zip archive");
    REQUIRE_ERROR(PtFile(folder / "missing.pt"), "missing.pt", "readable");
    REQUIRE_ERROR(PtFile(archive(folder, "other.pt", {{"a.txt", "a"}})), "other.pt", "data.pkl");
    REQUIRE_ERROR(PtFile(archive(folder, "script.pt", {{"a/data.pkl", "N."}, {"a/constants.pkl", "N."}})),
                  "TorchScript");
    REQUIRE_ERROR(PtFile(archive(folder, "big.pt", {{"a/data.pkl", "N."}, {"a/byteorder", "big"}})), "little-endian",
                  "big");
}

TEST_CASE("pt: every prefix of a file is refused, and every damaged byte of it that matters", "[io]") {
    const auto whole = bytes_of(fixtures / "model.pt");
    const auto bytes = [](const std::string& text) {
        const auto* start = reinterpret_cast<const std::byte*>(text.data());
        return std::vector<std::byte>(start, start + text.size());
    };
    for (std::size_t size = 0; size < whole.size(); ++size)
        REQUIRE_ERROR(PtFile("cut.pt", bytes(whole.substr(0, size))), "cut.pt", "expected", "got");

    const auto read = [&](const std::string& text) {
        Net net;
        PtFile file("damaged.pt", bytes(text));
        load_state("damaged.pt", file.entries(), net.state_dict());
        return numbers(net.fc.weight.value());
    };
    const auto weight = read(whole);
    REQUIRE(weight == weights);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        auto damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
        std::vector<double> got = weights;
        error_of([&] { got = read(damaged); });  // an Error or what was there: the checksum sees to it
        REQUIRE(got == weights);
    }
}

TEST_CASE("pt: archives that would take more memory than they have bytes are refused", "[io]") {
    REQUIRE_ERROR(PtFile(fixtures / "bomb.pt"), "bomb.pt", "data/0", "stored as it is", "packed");
    // A directory whose entries claim to be more than the file, each a part of it that others are, too.
    const TemporaryFolder folder;
    const std::string many(400, 'N');
    std::vector<std::pair<std::string, std::string>> entries(40, {"a/data.pkl", many});
    for (std::size_t i = 1; i < entries.size(); ++i) entries[i] = {"a/" + std::to_string(i), ""};
    auto claims = bytes_of(archive(folder, "b.zip", entries));
    for (auto place = claims.find("PK\1\2"); place != std::string::npos; place = claims.find("PK\1\2", place + 4)) {
        const std::uint32_t size = 1000;
        std::memcpy(&claims[place + 20], &size, 4);
        std::memcpy(&claims[place + 24], &size, 4);
    }
    REQUIRE_ERROR(PtFile(folder.file("claims.pt", claims)), "claims.pt", "at most the", "1000");
}

TEST_CASE("pt: storages must be in the archive, as long as the pickle says", "[io]") {
    const TemporaryFolder folder;
    float x = 1;
    save_pt(folder / "x.pt", {{"x", Dtype::F32, {}, &x}});
    const std::string pickle = pickle_of(folder / "x.pt"), four(4, '\0');
    const auto load = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
        float y = 5;
        load_pt(archive(folder, "y.pt", entries), {{"x", Dtype::F32, {}, &y}});
        return y;
    };
    REQUIRE(load({{"y/data.pkl", pickle}, {"y/data/0", four}}) == 0);
    REQUIRE_ERROR(load({{"y/data.pkl", pickle}}), "y.pt", "an entry y/data/0", "none");
    REQUIRE_ERROR(load({{"y/data.pkl", pickle}, {"y/data/0", four + four}}), "y/data/0", "4 bytes", "got 8");
    REQUIRE_ERROR(load({{"y/data.pkl", pickle}, {"y/data/0", "abc"}}), "4 bytes", "got 3");
    std::string twice = pickle;  // x: tensor, x: tensor
    const auto entry = pickle.substr(pickle.find('X'), pickle.size() - 2 - pickle.find('X'));
    twice.insert(twice.size() - 2, entry);
    REQUIRE_ERROR(load({{"y/data.pkl", twice}, {"y/data/0", four}}), "each name once", "x twice");
    bool flag = true;
    save_pt(folder / "b.pt", {{"b", Dtype::BOOL, {}, &flag}});
    REQUIRE_ERROR(load({{"b/data.pkl", pickle_of(folder / "b.pt")}, {"b/data/0", "\2"}}), "bools that are 0 or 1",
                  "got 2");
}
