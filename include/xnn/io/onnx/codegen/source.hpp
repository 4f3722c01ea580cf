// A graph of a file as the generator of code reads it: what each value is, and what of it is known before a run.
#pragma once

#include <map>

#include "xnn/io/onnx/load.hpp"

namespace xnn::onnx::codegen {

/// Dtype and extents of a value; dyn where a run decides.
struct Type {
    Dtype dtype = Dtype::F32;
    std::vector<index_t> extents{};

    std::size_t rank() const { return extents.size(); }
};

/// A model and the types of its values. Throws Error for what is no valid model, or has values of types that xnn has not.
class Source {
public:
    Source(std::string source, std::span<const std::byte> bytes) : source_(std::move(source)), model_(detail::parse_model(source_, bytes)) {
        try {
            ::onnx::checker::check_model(model_);
            ::onnx::shape_inference::InferShapes(model_);
        } catch (const std::exception& problem) {
            fail(source_, "a model that ONNX accepts", problem.what());
        }
        for (const auto& import : model_.opset_import())
            if (import.domain().empty()) opset_ = import.version();
        const auto& graph = model_.graph();
        for (const auto* ports : {&graph.value_info(), &graph.output(), &graph.input()})
            for (const auto& port : *ports) add_type(port);
        for (const auto& tensor : graph.initializer()) add_constant(tensor.name(), tensor);
        for (const auto& node : graph.node())
            if (node.op_type() == "Constant")
                for (const auto& attribute : node.attribute())
                    if (attribute.name() == "value") add_constant(node.output(0), attribute.t());
    }

    const std::string& name() const { return source_; }
    const ::onnx::GraphProto& graph() const { return model_.graph(); }
    index_t opset() const { return opset_; }

    /// The type of a value. Throws Error if shape inference did not find it.
    const Type& type(const std::string& value) const {
        const auto found = types_.find(value);
        if (found == types_.end()) fail(source_, "a value whose type is known", "'" + value + "'");
        return found->second;
    }
    bool is_constant(const std::string& value) const { return constants_.contains(value); }
    /// An initialiser or the value of a Constant.
    const io::StoredTensor& constant(const std::string& value) const {
        const auto found = constants_.find(value);
        if (found == constants_.end()) fail(source_, "a value that the file knows", "'" + value + "', which a run computes");
        return found->second;
    }
    /// A constant's elements as numbers.
    std::vector<double> numbers(const std::string& value) const {
        const auto& tensor = constant(value);
        std::vector<double> result;
        const auto bytes = *io::stored_bytes(tensor.dtype, tensor.extents);
        for (index_t at = 0; at < bytes; at += size_of(tensor.dtype)) result.push_back(number(tensor.dtype, tensor.data + at));
        return result;
    }

private:
    template <class T>
    static T read(const std::byte* from) {
        T value;
        std::memcpy(static_cast<void*>(&value), from, sizeof value);
        return value;
    }
    static double number(Dtype dtype, const std::byte* from) {
        switch (dtype) {
            case Dtype::F16: return static_cast<double>(float(read<float16>(from)));
            case Dtype::BF16: return static_cast<double>(float(read<bfloat16>(from)));
            case Dtype::F32: return static_cast<double>(read<float>(from));
            case Dtype::F64: return read<double>(from);
            case Dtype::I8: return static_cast<double>(read<std::int8_t>(from));
            case Dtype::I16: return static_cast<double>(read<std::int16_t>(from));
            case Dtype::I32: return static_cast<double>(read<std::int32_t>(from));
            case Dtype::I64: return static_cast<double>(read<std::int64_t>(from));
            case Dtype::U8:
            case Dtype::BOOL: return static_cast<double>(read<std::uint8_t>(from));
        }
        return 0;
    }
    void add_type(const ::onnx::ValueInfoProto& port) {
        const auto& tensor = port.type().tensor_type();
        const auto dtype = detail::dtype_of_onnx(tensor.elem_type());
        if (!dtype || !tensor.has_shape()) return;  // an error where it is used
        Type type{*dtype, {}};
        for (const auto& dimension : tensor.shape().dim()) type.extents.push_back(dimension.has_dim_value() ? dimension.dim_value() : dyn);
        types_[port.name()] = std::move(type);
    }
    void add_constant(const std::string& value, const ::onnx::TensorProto& tensor) {
        auto stored = detail::stored_tensor(source_, tensor, storage_);
        stored.name = value;
        types_[value] = {stored.dtype, stored.extents};
        constants_.emplace(value, std::move(stored));
    }

    std::string source_;
    ::onnx::ModelProto model_;
    index_t opset_ = 1;
    std::deque<std::string> storage_;
    std::map<std::string, Type> types_;
    std::map<std::string, io::StoredTensor> constants_;
};

}  // namespace xnn::onnx::codegen
