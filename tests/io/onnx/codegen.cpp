#include <catch2/catch.hpp>

#include "../../support/errors.hpp"
#include "xnn/io/onnx.hpp"
#include "xnn/io/onnx/codegen/header.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;
using xnn::onnx::codegen::write_header;

namespace {

std::span<const std::byte> span_of(const std::string& bytes) { return std::as_bytes(std::span(bytes)); }

/// A model of nodes between an input "x" and an output "y", both [batch, 4], with a weight [4, 4] called "layer.weight".
class Model {
public:
    Model() {
        proto_.set_ir_version(8);
        proto_.add_opset_import()->set_version(17);
        graph().set_name("g");
        set(*graph().add_input(), "x");
        set(*graph().add_output(), "y");
        auto& weight = *graph().add_initializer();
        weight.set_name("layer.weight");
        xnn::onnx::detail::set_tensor(weight, Dtype::F32, {4, 4}, std::array<float, 16>{}.data(), 64);
    }
    ::onnx::GraphProto& graph() { return *proto_.mutable_graph(); }
    ::onnx::NodeProto& add(const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
        auto& node = *graph().add_node();
        node.set_op_type(op);
        for (const auto& input : inputs) node.add_input(input);
        node.add_output(output);
        return node;
    }
    std::string header(const xnn::onnx::codegen::HeaderOptions& options = {}) const { return write_header("net.onnx", span_of(proto_.SerializeAsString()), options); }

private:
    static void set(::onnx::ValueInfoProto& port, const std::string& name) {
        port.set_name(name);
        auto& type = *port.mutable_type()->mutable_tensor_type();
        type.set_elem_type(1);
        type.mutable_shape()->add_dim()->set_dim_param("batch");
        type.mutable_shape()->add_dim()->set_dim_value(4);
    }
    ::onnx::ModelProto proto_;
};

}  // namespace

TEST_CASE("codegen: a network becomes a type with its parameters, and a loader", "[io][onnx]") {
    Model model;
    model.add("MatMul", {"x", "layer.weight"}, "1");
    model.add("Relu", {"1"}, "y");
    const auto header = model.header({.name = "Net", .name_space = "nets"});
    CHECK(mentions(header, "namespace nets {", "struct Net : xnn::nn::Module<Net>", "using Inputs = std::tuple<xnn::Tensor<float, xnn::Shape<xnn::dyn, 4>>>;",
                   "xnn::Parameter<float, xnn::Shape<4, 4>> layer_weight;", "auto v1 = xnn::matmul(x_1, layer_weight);", "auto y = xnn::relu(std::move(v1));",
                   R"(xnn::onnx::load_arrays(path, network.state_dict(), {"layer.weight"});)"));
}

TEST_CASE("codegen: what is used twice is not given away", "[io][onnx]") {
    Model model;
    model.add("Tanh", {"x"}, "h");
    model.add("Mul", {"h", "h"}, "y");
    CHECK(mentions(model.header(), "auto y = h * h;"));
}

TEST_CASE("codegen: names of a file do no harm", "[io][onnx]") {
    Model model;
    model.add("Tanh", {"x"}, "return");
    model.add("Exp", {"return"}, "a\"; }//\n");
    model.add("Abs", {"a\"; }//\n"}, "y");
    CHECK(mentions(model.header(), "auto return_1 = xnn::tanh", "auto a = xnn::exp(std::move(return_1));"));
    REQUIRE_ERROR(model.header({.name = "Net; int x", .name_space = "n"}), "a name that C++ takes");
}

TEST_CASE("codegen: what has no counterpart is an Error", "[io][onnx]") {
    REQUIRE_ERROR(write_header("net.onnx", span_of("no model")), "net.onnx", "an ONNX model");
    Model unknown;
    unknown.add("EyeLike", {"x"}, "y");
    REQUIRE_ERROR(unknown.header(), "an operator that xnn-codegen knows", "EyeLike");
    Model invalid;
    invalid.add("NoSuchOperator", {"x"}, "y");
    REQUIRE_ERROR(invalid.header(), "a model that ONNX accepts");
    Model short_pads;
    auto& pads = *short_pads.add("Pad", {"x"}, "y").add_attribute();
    pads.set_name("mode");
    pads.set_type(::onnx::AttributeProto::STRING);
    pads.set_s("constant");
    REQUIRE_ERROR(short_pads.header(), "net.onnx");
    Model missing;
    missing.add("Relu", {"nowhere"}, "y");
    REQUIRE_ERROR(missing.header(), "a model that ONNX accepts");
}
