#include "xnn/io/onnx/load.hpp"

#include <catch2/catch.hpp>

#include "../../support/errors.hpp"
#include "../../support/files.hpp"
#include "xnn/io/onnx.hpp"
#include "xnn/models/gpt.hpp"
#include "xnn/models/resnet.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;

namespace {

template <class M>
std::vector<float> numbers_of(M& model) {
    std::vector<float> result;
    for (const auto& entry : model.state_dict())
        if (entry.dtype == Dtype::F32) result.insert(result.end(), static_cast<float*>(entry.data), static_cast<float*>(entry.data) + entry.size());
    return result;
}
std::string to_bytes(const ::onnx::ModelProto& model) { return model.SerializeAsString(); }
std::span<const std::byte> span_of(const std::string& bytes) { return std::as_bytes(std::span(bytes)); }

using Net = nn::Sequential<nn::Named<"fc", nn::Linear<3, 2>>, nn::Named<"norm", nn::BatchNorm1d<2>>>;
::onnx::ModelProto model_of(const Net& net) { return xnn::onnx::detail::to_proto(xnn::onnx::trace<Shape<dyn, 3>>(net)); }

/// Whatever a file says, loading it is an Error with these words, and changes nothing.
void check_refused(const std::string& bytes, const std::string& words) {
    Net net;
    const auto before = numbers_of(net);
    REQUIRE_ERROR(xnn::onnx::load_weights_from("file", span_of(bytes), net), words);
    CHECK(numbers_of(net) == before);
}

}  // namespace

TEST_CASE("onnx: weights go to a file and back", "[io][onnx]") {
    const TemporaryFolder folder;
    Net a, b;
    a.get<"norm">().running_mean.value().fill(0.5F);
    xnn::onnx::save(a, Shape<dyn, 3>{}, folder / "net.onnx");
    REQUIRE(numbers_of(a) != numbers_of(b));
    const auto result = xnn::onnx::load_weights(b, folder / "net.onnx");
    CHECK(numbers_of(a) == numbers_of(b));
    CHECK(result.missing_keys.empty());
    CHECK(result.unexpected_keys.empty());
}

TEST_CASE("onnx: tied parameters are found by either name", "[io][onnx]") {
    const TemporaryFolder folder;
    using Model = models::Gpt<models::GptOptions{.layers = 1, .heads = 2, .width = 8, .context = 4, .vocabulary = 6, .tie_weights = true}>;
    Model a, b;
    xnn::onnx::save<Tensor<std::int64_t, Shape<dyn, dyn>>>(a, folder / "gpt.onnx");
    xnn::onnx::load_weights(b, folder / "gpt.onnx");
    CHECK(numbers_of(a) == numbers_of(b));
}

TEST_CASE("onnx: elements one by one are read as raw ones are", "[io][onnx]") {
    Net a, b;
    auto proto = model_of(a);
    for (auto& tensor : *proto.mutable_graph()->mutable_initializer()) {
        const std::string raw = tensor.raw_data();
        tensor.clear_raw_data();
        for (std::size_t i = 0; i < raw.size(); i += sizeof(float)) {
            float number;
            std::memcpy(&number, raw.data() + i, sizeof number);
            tensor.add_float_data(number);
        }
    }
    xnn::onnx::load_weights_from("file", span_of(to_bytes(proto)), b);
    CHECK(numbers_of(a) == numbers_of(b));
}

TEST_CASE("onnx: a file that does not fit is an Error, and changes nothing", "[io][onnx]") {
    const Net net;
    const auto with = [&](auto&& change) {
        auto proto = model_of(net);
        change(*proto.mutable_graph());
        return to_bytes(proto);
    };
    check_refused(with([](auto& graph) { graph.mutable_initializer()->RemoveLast(); }), "missing norm.running_var");
    check_refused(with([](auto& graph) {
                      *graph.add_initializer() = graph.initializer(0);
                      graph.mutable_initializer()->rbegin()->set_name("other");
                  }),
                  "unexpected other");
    check_refused(with([](auto& graph) { *graph.add_initializer() = graph.initializer(0); }), "twice");
    check_refused(with([](auto& graph) {
                      auto& tensor = *graph.mutable_initializer(0);
                      tensor.set_dims(0, 3);
                      tensor.set_dims(1, 2);
                  }),
                  "float32 (3, 2) instead of float32 (2, 3)");
    check_refused(with([](auto& graph) { graph.mutable_initializer(0)->set_data_type(6); }), "int32 (2, 3) instead of float32 (2, 3)");

    Net other;
    auto fewer = model_of(net);
    fewer.mutable_graph()->mutable_initializer()->RemoveLast();
    CHECK(xnn::onnx::load_weights_from("file", span_of(to_bytes(fewer)), other, false).missing_keys == std::vector<std::string>{"norm.running_var"});
}

TEST_CASE("onnx: a hostile file is an Error", "[io][onnx]") {
    const Net net;
    const auto with = [&](auto&& change) {
        auto proto = model_of(net);
        change(*proto.mutable_graph()->mutable_initializer(0));
        return to_bytes(proto);
    };
    check_refused("", "an ONNX model");
    check_refused("not protobuf at all", "an ONNX model");
    const std::string good = to_bytes(model_of(net));
    check_refused(good.substr(0, good.size() / 2), "an ONNX model");
    check_refused(with([](auto& tensor) { tensor.set_dims(0, -2); }), "as many bytes");
    check_refused(with([](auto& tensor) { tensor.set_dims(0, index_t{1} << 62), tensor.set_dims(1, index_t{1} << 62); }), "as many bytes");
    check_refused(with([](auto& tensor) { tensor.mutable_raw_data()->pop_back(); }), "as many bytes");
    check_refused(with([](auto& tensor) { tensor.set_data_type(8); }), "a dtype that xnn has");
    check_refused(with([](auto& tensor) { tensor.set_data_location(::onnx::TensorProto::EXTERNAL); }), "elements within the file");

    Net loaded;
    CHECK_THROWS_AS(xnn::onnx::load_weights(loaded, "/no/such/file.onnx"), Error);
}
