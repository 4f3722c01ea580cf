// Pickles that torch.save did not make: what they name, what they claim, where they end.
#include "xnn/io/pickle/reader.hpp"

#include <catch2/catch.hpp>

#include "../../support/errors.hpp"

using namespace xnn;
using namespace xnn::io;
using namespace std::string_literals;

namespace {

Pickle read(const std::string& bytes) { return unpickle("p", bytes); }

/// A tensor of FloatStorage "0" with `size` elements: instructions that push numbers and tuples of them.
std::string tensor(const std::string& size, const std::string& offset, const std::string& extents,
                   const std::string& strides) {
    return "ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x01"
           "0U\3cpu"s +
           size + "tQ" + offset + extents + strides +
           "\x89N"
           "tR";
}
std::string integer(std::int64_t value) {
    std::string bytes = "\x8a\x08";
    return bytes.append(reinterpret_cast<const char*>(&value), 8);
}
std::string tuple(const std::vector<std::int64_t>& values) {
    std::string bytes = "(";
    for (const auto value : values) bytes += integer(value);
    return bytes + "t";
}

}  // namespace

TEST_CASE("pickle: whole numbers of any length", "[io]") {
    const auto number = [](const std::string& bytes) {
        const Pickle pickle = read(bytes + ".");
        return PickleValue("p", pickle, pickle.root).number();
    };
    REQUIRE(number("K\xff") == 255);
    REQUIRE(number("M\xff\xff") == 65535);
    REQUIRE(number("J\xff\xff\xff\xff") == -1);
    REQUIRE(number("\x8a\0"s) == 0);
    REQUIRE(number("\x8a\1\x80") == -128);
    REQUIRE(number("\x8a\2\0\x80"s) == -32768);
    REQUIRE(number("\x8a\x09\0\0\0\0\0\0\0\x80\0"s) == 9223372036854775808.0);
    REQUIRE(number("\x8a\x09\0\0\0\0\0\0\0\0\xff"s) == -18446744073709551616.0);
    REQUIRE(number("\x8b\1\0\0\0\x7f"s) == 127);
    REQUIRE(number("G\x3f\xf8\0\0\0\0\0\0"s) == 1.5);
}

TEST_CASE("pickle: names beyond the few that are known are refused by name", "[io]") {
    REQUIRE_ERROR(read("cos\nsystem\n(U\2lstR."), "p: expected a pickle of tensors", "got os.system");
    REQUIRE_ERROR(read("U\2osU\6system\x93."), "os.system");
    REQUIRE_ERROR(read("(ios\nsystem\n."), "os.system");
    REQUIRE_ERROR(read("cbuiltins\neval\n."), "builtins.eval");
    REQUIRE_ERROR(read("ctorch\nload\n."), "torch.load");
    REQUIRE_ERROR(read("ctorch\nUntypedStorage\n."), "torch.UntypedStorage");
    REQUIRE_ERROR(read("ctorch\nComplexFloatStorage\n."), "torch.ComplexFloatStorage");
    REQUIRE_ERROR(read("ctorch._utils\n_rebuild_sparse_tensor\n."), "_rebuild_sparse_tensor");
    REQUIRE_ERROR(read("c" + std::string(100000, 'x') + "\ny\n."), std::string(200, 'x'));
    REQUIRE_ERROR(read("C\1a."), "bytes");
    REQUIRE_ERROR(read("\x8f."), "a set");
    REQUIRE_ERROR(read("ccollections\nOrderedDict\n)\x81."), "an object");
    REQUIRE_ERROR(read("\x82\1."), "extension");
    REQUIRE_ERROR(read("P1\n."), "instruction 80");
    REQUIRE_ERROR(read("\x80\6."), "protocol 5", "got 6");
}

TEST_CASE("pickle: known names are called with nothing but what they take", "[io]") {
    REQUIRE_ERROR(read("ccollections\nOrderedDict\n(]tR."), "OrderedDict");
    REQUIRE_ERROR(read("ctorch\nSize\n(]tR."), "torch.Size");
    REQUIRE_ERROR(read("ctorch._utils\n_rebuild_parameter\n(]\x88NtR."), "parameter");
    REQUIRE_ERROR(read("ctorch._utils\n_rebuild_tensor_v2\n)R."), "a tensor without a storage");
    REQUIRE_ERROR(read("ctorch\nFloatStorage\n)R."), "storage type");
    REQUIRE_ERROR(read("U\1a)R."), "a string");
    REQUIRE_ERROR(read("]Q."), "a list");
    REQUIRE_ERROR(read(")Q."), "persistent id");
    REQUIRE_ERROR(read("]}b."), "attributes of a list");
    REQUIRE_ERROR(read("(U\7storageccollections\nOrderedDict\nU\1"
                       "0U\3cpuK\1tQ."),
                  "persistent id");
    REQUIRE_ERROR(read("(U\7storagectorch\nFloatStorage\nU\1"
                       "0U\3cpuJ\xff\xff\xff\xfftQ."),
                  "persistent id");
    REQUIRE_ERROR(read("(U\7storagectorch\nFloatStorage\nX\0\1\0\0"s + std::string(256, 'k') + "U\3cpuK\1tQ."),
                  "persistent id");
}

TEST_CASE("pickle: instructions need what they take", "[io]") {
    for (const std::string bytes : {".",    "0.",         "1.",   "2.",  "t.",    "l.",   "\x85.",   "\x87.", "a.",
                                    "]a.",  "s.",         "}Ns.", "u.",  "]NNs.", "NNa.", "(}NNNu.", "}(Nu.", "q\1.",
                                    "h\1.", "j\1\1\1\1.", "R.",   ")R.", "b.",    "Q.",   "]N(0e.",  "\x93."})
        REQUIRE_ERROR(read(bytes), "p: expected", "got");
    REQUIRE(read("N(0.").nodes.size() == 1);  // POP of a mark
    const std::string whole = "\x80\2}q\1(X\1\0\0\0a"s + tensor("K\6", "K\1", "K\2K\1\x86", "K\3K\1\x86") + "u.";
    REQUIRE(read(whole).tensors.size() == 1);
    for (std::size_t size = 0; size < whole.size(); ++size)
        REQUIRE_ERROR(read(whole.substr(0, size)), "p: expected", "got");
    REQUIRE_ERROR(read("X\xff\xff\xff\xff"
                       "a."),
                  "cut off");
    REQUIRE_ERROR(read("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
                       "a."),
                  "cut off");
}

TEST_CASE("pickle: a tensor lies within its storage", "[io]") {
    const auto accepts = [](std::int64_t size, std::int64_t offset, const std::vector<std::int64_t>& extents,
                            const std::vector<std::int64_t>& strides) {
        return error_of([&] { read(tensor(integer(size), integer(offset), tuple(extents), tuple(strides)) + "."); });
    };
    constexpr std::int64_t huge = INT64_MAX, half = std::int64_t{1} << 62;
    REQUIRE(accepts(6, 0, {2, 3}, {3, 1}).empty());
    REQUIRE(accepts(6, 5, {}, {}).empty());
    REQUIRE(accepts(6, 5, {1, 1}, {huge, huge}).empty());
    REQUIRE(accepts(6, 5, {4, 5}, {0, 0}).empty());
    REQUIRE(accepts(6, 9, {0, 5}, {1, 1}).empty());
    REQUIRE(mentions(accepts(6, 1, {2, 3}, {3, 1}), "within the 6 elements of storage 0",
                     "(2, 3) with strides (3, 1) from 1 on"));
    REQUIRE(mentions(accepts(6, 6, {}, {}), "within"));
    REQUIRE(mentions(accepts(6, -1, {}, {}), "within"));
    REQUIRE(mentions(accepts(6, huge, {}, {}), "within"));
    REQUIRE(mentions(accepts(6, 0, {2}, {6}), "within"));
    REQUIRE(mentions(accepts(6, 0, {2, 2}, {huge, huge}), "within"));
    REQUIRE(mentions(accepts(6, 0, {3}, {half}), "within"));
    REQUIRE(mentions(accepts(6, 0, {half, 4}, {0, 0}), "fits in memory"));
    REQUIRE(mentions(accepts(half, 0, {1}, {1}), "fits in memory"));
    REQUIRE(mentions(accepts(6, 0, {2, 3}, {1}), "a stride for each extent"));
    REQUIRE(mentions(accepts(6, 0, {-1}, {1}), "no whole numbers"));
    REQUIRE(mentions(accepts(6, 0, {2}, {-1}), "no whole numbers"));
    REQUIRE(mentions(accepts(6, 0, std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)), "at most 64"));
    REQUIRE_ERROR(read(tensor("K\6", "K\0"s, ")", ")") + tensor("K\7", "K\0"s, ")", ")") + "."),
                  "storage 0 of float32 (6)", "float32 (7)");
}

TEST_CASE("pickle: depth, cycles and the memo cost nothing", "[io]") {
    const int depth = 1000000;
    REQUIRE(read(std::string(depth, ']') + std::string(depth - 1, 'a') + ".").nodes.size() == depth);
    std::string self = "]q\1h\1a.";  // a list that holds itself
    const Pickle pickle = read(self);
    PickleValue value("p", pickle, pickle.root);
    for (int i = 0; i < 100; ++i) value = value[std::size_t{0}];
    REQUIRE(value.size() == 1);
    // Each tuple is twice the one before it: nothing is ever copied.
    std::string laughs = "U\3lolq\1";
    for (int i = 0; i < 200; ++i) laughs += "h\1h\1\x86q\1";
    REQUIRE(read(laughs + ".").containers.size() == 200);
    // One description of a tensor, used again and again: its extents are kept once.
    const std::string many_dimensions = tuple(std::vector<std::int64_t>(64, 1));
    std::string again = tensor("K\1", "K\0"s, many_dimensions + "q\2", "h\2");
    again.insert(again.size() - 1, "q\3");  // the arguments, before they are used
    for (int i = 0; i < 1000; ++i) again += "ctorch._utils\n_rebuild_tensor_v2\nh\3R";
    const Pickle tensors = read(again + ".");
    REQUIRE(tensors.tensors.size() == 1001);
    REQUIRE(tensors.shapes.size() == 1);
    REQUIRE(read("Nr\xff\xff\xff\xff"
                 "j\xff\xff\xff\xff.")
                .nodes.size() == 1);
    REQUIRE_ERROR(read(std::string((std::size_t{32} << 20) + 1, 'N')), "at most 33554432 bytes");
}
