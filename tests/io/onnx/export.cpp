#include "xnn/io/onnx/export.hpp"

#include <catch2/catch.hpp>

#include "../../support/errors.hpp"
#include "../../support/files.hpp"
#include "xnn/models/lenet.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;
using xnn::onnx::Graph;
using xnn::onnx::trace;

namespace {

std::vector<std::string> ops(const Graph& graph) {
    std::vector<std::string> result;
    for (const auto& node : graph.nodes)
        if (node.op != "Constant") result.push_back(node.op);
    return result;
}
std::vector<std::string> names_of_initializers(const Graph& graph) {
    std::vector<std::string> result;
    for (const auto& one : graph.initializers) result.push_back(one.name);
    return result;
}
using Strings = std::vector<std::string>;

struct Residual : nn::Module<Residual> {
    nn::Linear<4, 4> fc;
    nn::Linear<4, 4> unused;
    nn::Dropout dropout;
    auto forward(auto x) const {
        auto h = nn::relu(fc(x));
        return dropout(h) + x;
    }
};

/// A function of the user's with a forward of its own, and how ONNX writes it.
struct Doubled {
    void forward(auto x, auto y) const {
        for (index_t i = 0; i < x.size(); ++i) y.data[i] = 2 * x.data[i];
    }
    void backward(auto x, auto, auto gy, auto gx) const {
        for (index_t i = 0; i < x.size(); ++i) gx.data[i] = 2 * gy.data[i];
    }
    friend std::string emit(xnn::onnx::Tracer& t, const Doubled&, const xnn::onnx::Call& c) { return t.op("Add", {c[0].name, c[0].name}); }
};
struct WithFunction : nn::Module<WithFunction> {
    auto forward(auto x) const { return custom(Doubled{}, x); }
};

struct Positions : nn::Module<Positions> {
    Parameter<float, Shape<8, 4>> table;
    auto forward(auto x) const { return x + narrow_beside<0, 1>(table, x); }
};
struct Halves : nn::Module<Halves> {
    Parameter<float, Shape<8, 4>> table;
    auto forward(auto x) const { return nn::functional::linear(x, slice<0, 4>(table)); }
};
struct Undecided : nn::Module<Undecided> {
    Parameter<float, Shape<8, 4>> table;
    auto forward(auto x) const { return x + narrow<0>(table, 0, x.shape().extent(1)); }
};

}  // namespace

TEST_CASE("onnx: a graph has the model's operators, and names from its modules", "[io][onnx]") {
    const models::LeNet<> model;
    const Graph graph = trace<Shape<dyn, 1, 28, 28>>(model);
    CHECK(graph.name == "LeNet");
    CHECK(ops(graph) == Strings{"Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Flatten", "Gemm", "Relu", "Gemm", "Relu", "Gemm"});
    CHECK(graph.nodes.front().name == "conv1/Conv");
    CHECK(graph.nodes.front().inputs == Strings{"input", "conv1.weight", "conv1.bias"});
    CHECK(graph.nodes.back().name == "fc3/Gemm");
    CHECK(graph.nodes.back().outputs == Strings{"output"});
    REQUIRE(graph.inputs.size() == 1);
    CHECK(graph.inputs[0].extents == std::vector<index_t>{dyn, 1, 28, 28});
    CHECK(graph.outputs[0].extents == std::vector<index_t>{dyn, 10});
    CHECK(names_of_initializers(graph).size() == 10);
    CHECK(graph.initializers[0].data == model.conv1.weight.data());
}

TEST_CASE("onnx: what is used twice is written once, and what is not used not at all", "[io][onnx]") {
    const Residual model;
    const Graph graph = trace<Shape<dyn, 4>>(model, {.inputs = {"x"}, .outputs = {"y"}});
    CHECK(ops(graph) == Strings{"Gemm", "Relu", "Add"});  // dropout does nothing out of training
    CHECK(names_of_initializers(graph) == Strings{"fc.weight", "fc.bias"});
    CHECK(graph.nodes.back().inputs == Strings{"Relu", "x"});
    CHECK(graph.nodes.back().outputs == Strings{"y"});
}

TEST_CASE("onnx: a model that hands on its input copies it", "[io][onnx]") {
    CHECK(ops(trace<Shape<3>>(nn::Identity{})) == Strings{"Identity"});
}

TEST_CASE("onnx: results of several arrays are named as their members", "[io][onnx]") {
    const nn::LSTM<4, 6> lstm;
    const Graph graph = trace<Shape<dyn, dyn, 4>>(lstm);
    REQUIRE(graph.outputs.size() == 3);
    CHECK(graph.outputs[0].name == "output");
    CHECK(graph.outputs[1].name == "h_n");
    CHECK(graph.outputs[2].name == "c_n");
    CHECK(names_of_initializers(graph) == Strings{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"});
}

TEST_CASE("onnx: a function of the user's is written by its emit()", "[io][onnx]") {
    CHECK(ops(trace<Shape<3>>(WithFunction{})) == Strings{"Add"});
}

TEST_CASE("onnx: parameters keep their names where a part of them is used", "[io][onnx]") {
    CHECK(ops(trace<Shape<dyn, dyn, 4>>(Positions{})) == Strings{"Shape", "Gather", "Slice", "Add"});
    const Halves halves;
    const Graph graph = trace<Shape<dyn, 4>>(halves);
    CHECK(ops(graph) == Strings{"Slice", "Gemm"});
    CHECK(names_of_initializers(graph) == Strings{"table"});
}

TEST_CASE("onnx: tied parameters are one initializer", "[io][onnx]") {
    nn::Sequential<nn::Linear<4, 4, false>, nn::Linear<4, 4, false>> model;
    model.get<1>().weight.tie(model.get<0>().weight);
    CHECK(names_of_initializers(trace<Shape<dyn, 4>>(model)) == Strings{"0.weight"});
}

TEST_CASE("onnx: what cannot be written is an Error, and leaves no file", "[io][onnx]") {
    REQUIRE_ERROR((trace<Shape<dyn, dyn, 4>>(Undecided{})), "narrow");
    REQUIRE_ERROR((trace<Shape<dyn, 3, dyn, dyn>>(nn::AdaptiveAvgPool2d<3>{})), "extents that are known");
    REQUIRE_ERROR((trace<Shape<4>>(nn::Identity{}, {.inputs = {"a", "b"}})), "names of 1 inputs");
    const TemporaryFolder folder;
    CHECK_THROWS_AS(xnn::onnx::save(nn::Identity{}, Shape<4>{}, folder / "no" / "such" / "folder.onnx"), Error);
    CHECK_THROWS_AS(xnn::onnx::save(Undecided{}, Shape<dyn, dyn, 4>{}, folder / "model.onnx"), Error);
    CHECK_FALSE(std::filesystem::exists(folder / "model.onnx"));
}
