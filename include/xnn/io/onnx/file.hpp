// Graphs in files, by protobuf. https://onnx.ai/onnx/repo-docs/IR.html
#pragma once

#include <filesystem>

// As Debian's libonnx is built: with the operators of classical machine learning.
#ifndef ONNX_ML
#define ONNX_ML 1
#endif
#ifndef ONNX_NAMESPACE
#define ONNX_NAMESPACE onnx
#endif
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include "xnn/io/file.hpp"
#include "xnn/io/onnx/graph.hpp"
#include "xnn/io/onnx/tracer.hpp"

namespace xnn::onnx {

/// The version of ONNX's operators that files are written with: one that readers since 2022 know.
inline constexpr index_t opset = 17;

namespace detail {

inline constexpr index_t ir_version = 8;

inline void set_tensor(::onnx::TensorProto& to, Dtype dtype, const std::vector<index_t>& extents, const void* data, std::size_t bytes) {
    to.set_data_type(static_cast<int>(Tracer::onnx_dtype(dtype)));
    for (const index_t extent : extents) to.add_dims(extent);
    to.set_raw_data(data, bytes);
}

struct AttributeWriter {
    ::onnx::AttributeProto& to;

    void operator()(index_t value) const {
        to.set_type(::onnx::AttributeProto::INT);
        to.set_i(value);
    }
    void operator()(double value) const {
        to.set_type(::onnx::AttributeProto::FLOAT);
        to.set_f(static_cast<float>(value));
    }
    void operator()(const std::string& value) const {
        to.set_type(::onnx::AttributeProto::STRING);
        to.set_s(value);
    }
    void operator()(const std::vector<index_t>& values) const {
        to.set_type(::onnx::AttributeProto::INTS);
        for (const index_t value : values) to.add_ints(value);
    }
    void operator()(const std::vector<std::string>& values) const {
        to.set_type(::onnx::AttributeProto::STRINGS);
        for (const auto& value : values) to.add_strings(value);
    }
    void operator()(const Constant& value) const {
        to.set_type(::onnx::AttributeProto::TENSOR);
        set_tensor(*to.mutable_t(), value.dtype, value.extents, value.data.data(), value.data.size());
    }
};

/// An extent that a run decides is named after its input, the first one's first "batch"; those of results are inferred.
inline void set_port(::onnx::ValueInfoProto& to, const Port& port, bool is_input, bool first) {
    to.set_name(port.name);
    auto& type = *to.mutable_type()->mutable_tensor_type();
    type.set_elem_type(static_cast<int>(Tracer::onnx_dtype(port.dtype)));
    auto& shape = *type.mutable_shape();
    for (std::size_t i = 0; i < port.extents.size(); ++i) {
        auto& dimension = *shape.add_dim();
        if (port.extents[i] != dyn)
            dimension.set_dim_value(port.extents[i]);
        else if (is_input)
            dimension.set_dim_param(first && i == 0 ? "batch" : port.name + "_" + std::to_string(i));
    }
}

inline ::onnx::ModelProto to_proto(const Graph& graph) {
    ::onnx::ModelProto model;
    model.set_ir_version(ir_version);
    model.set_producer_name("xnn");
    model.add_opset_import()->set_version(opset);
    auto& to = *model.mutable_graph();
    to.set_name(graph.name);
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) set_port(*to.add_input(), graph.inputs[i], true, i == 0);
    for (const auto& output : graph.outputs) set_port(*to.add_output(), output, false, false);
    for (const auto& one : graph.initializers) {
        auto& tensor = *to.add_initializer();
        tensor.set_name(one.name);
        set_tensor(tensor, one.dtype, one.extents, one.data, static_cast<std::size_t>(one.bytes()));
    }
    for (const auto& node : graph.nodes) {
        auto& made = *to.add_node();
        made.set_name(node.name);
        made.set_op_type(node.op);
        for (const auto& input : node.inputs) made.add_input(input);
        for (const auto& output : node.outputs) made.add_output(output);
        for (const auto& attribute : node.attributes) {
            auto& written = *made.add_attribute();
            written.set_name(attribute.name);
            std::visit(AttributeWriter{written}, attribute.value);
        }
    }
    return model;
}

}  // namespace detail

/// Writes a graph to a file, which is there as a whole or not at all. Throws Error if it is not valid by ONNX's own checker.
inline void write(const Graph& graph, const std::filesystem::path& path) {
    ::onnx::ModelProto model = detail::to_proto(graph);
    try {
        ::onnx::checker::check_model(model);
        ::onnx::shape_inference::InferShapes(model);
    } catch (const std::exception& problem) {
        fail(path.string(), "a graph that ONNX accepts", problem.what());
    }
    std::string bytes;
    if (!model.SerializeToString(&bytes)) fail(path.string(), "a model of less than 2 GB", "a larger one");
    io::AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

}  // namespace xnn::onnx
