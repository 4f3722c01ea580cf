// Weights from an ONNX file into a model. The file counts as hostile, as those of all formats do.
#pragma once

#include <climits>
#include <deque>

#include "xnn/io/load_state.hpp"
#include "xnn/io/onnx/file.hpp"
#include "xnn/nn/module.hpp"

namespace xnn::onnx {

namespace detail {

/// The model that bytes hold. Throws Error, naming the source, if they do not.
inline ::onnx::ModelProto parse_model(const std::string& source, std::span<const std::byte> bytes) {
    ::onnx::ModelProto model;
    if (bytes.size() > INT_MAX || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph())
        fail(source, "an ONNX model", "something else");
    return model;
}

/// The dtype that is ONNX's by this number.
inline std::optional<Dtype> dtype_of_onnx(int number) {
    for (const Dtype dtype : {Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64, Dtype::U8, Dtype::I8, Dtype::I16, Dtype::I32, Dtype::I64, Dtype::BOOL})
        if (Tracer::onnx_dtype(dtype) == number) return dtype;
    return std::nullopt;
}

/// Numbers that a tensor holds one by one, in as many bytes as its dtype has.
template <class T, class Field>
void append_as(std::string& bytes, const Field& field) {
    for (const auto value : field) {
        const T number = static_cast<T>(value);
        bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
}
inline std::string bytes_of(const ::onnx::TensorProto& tensor, Dtype dtype) {
    if (tensor.has_raw_data()) return tensor.raw_data();
    std::string bytes;
    switch (dtype) {
        case Dtype::F32: append_as<float>(bytes, tensor.float_data()); break;
        case Dtype::F64: append_as<double>(bytes, tensor.double_data()); break;
        case Dtype::I64: append_as<std::int64_t>(bytes, tensor.int64_data()); break;
        case Dtype::I32: append_as<std::int32_t>(bytes, tensor.int32_data()); break;
        case Dtype::F16:
        case Dtype::BF16:
        case Dtype::I16: append_as<std::uint16_t>(bytes, tensor.int32_data()); break;
        case Dtype::U8:
        case Dtype::I8:
        case Dtype::BOOL: append_as<std::uint8_t>(bytes, tensor.int32_data()); break;
    }
    return bytes;
}

/// A tensor of a file; its elements are put into `storage`, which must stay. Throws Error for one that contradicts itself.
inline io::StoredTensor stored_tensor(const std::string& source, const ::onnx::TensorProto& tensor, std::deque<std::string>& storage) {
    const auto refuse = [&](const std::string& expected, const std::string& got) { fail(source, tensor.name() + ": " + expected, got); };
    const auto dtype = dtype_of_onnx(tensor.data_type());
    if (!dtype) refuse("a dtype that xnn has", "ONNX's number " + std::to_string(tensor.data_type()));
    if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL) refuse("elements within the file", "another file's name");
    std::vector<index_t> extents(tensor.dims().begin(), tensor.dims().end());
    const auto bytes = io::stored_bytes(*dtype, extents);
    const std::string& data = storage.emplace_back(bytes_of(tensor, *dtype));
    if (!bytes || static_cast<std::size_t>(*bytes) != data.size())
        refuse("as many bytes as " + describe(*dtype, extents) + " takes", std::to_string(data.size()));
    return {tensor.name(), *dtype, std::move(extents), reinterpret_cast<const std::byte*>(data.data())};
}

/// What of a state dict a file with these entries must have: of tied parameters one, and no count of batches, for which ONNX
/// has no place.
inline StateDict wanted(const StateDict& state, const std::vector<io::StoredTensor>& entries) {
    const auto has = [&](const std::string& name) {
        return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == name; });
    };
    StateDict result;
    for (const auto& one : state) {
        const bool counts = one.name.ends_with("num_batches_tracked");
        const bool stands_elsewhere =
            std::any_of(state.begin(), state.end(), [&](const auto& other) { return other.data == one.data && other.name != one.name && has(other.name); });
        if (has(one.name) || !(counts || stands_elsewhere)) result.push_back(one);
    }
    return result;
}

}  // namespace detail

/// Reads the initialisers of an ONNX file in memory into parameters and buffers of the same names; `source` names it in errors.
template <nn::AnyModule M>
LoadResult load_weights_from(const std::string& source, std::span<const std::byte> bytes, M& model, bool strict = true) {
    const auto file = detail::parse_model(source, bytes);
    std::deque<std::string> storage;
    std::vector<io::StoredTensor> entries;
    for (const auto& tensor : file.graph().initializer()) entries.push_back(detail::stored_tensor(source, tensor, storage));
    return io::load_state(source, entries, detail::wanted(model.state_dict(), entries), strict);
}

/// Reads initialisers and Constants of an ONNX file into the entries of a state dict, of which number i is called names[i] in the
/// file; others are left alone. Throws Error, and changes nothing, if one is missing or of another dtype or shape.
inline void load_arrays(const std::filesystem::path& path, StateDict state, const std::vector<std::string>& names) {
    if (state.size() != names.size()) fail("load_arrays", std::to_string(state.size()) + " names", std::to_string(names.size()));
    const auto bytes = io::read_file(path);
    const auto file = detail::parse_model(path.string(), bytes);
    std::deque<std::string> storage;
    std::vector<io::StoredTensor> entries;
    const auto add = [&](const std::string& name, const ::onnx::TensorProto& tensor) {
        if (std::find(names.begin(), names.end(), name) == names.end()) return;
        entries.push_back(detail::stored_tensor(path.string(), tensor, storage));
        entries.back().name = name;
    };
    for (const auto& tensor : file.graph().initializer()) add(tensor.name(), tensor);
    for (const auto& node : file.graph().node())
        for (const auto& attribute : node.attribute())
            if (node.op_type() == "Constant" && node.output_size() == 1 && attribute.has_t()) add(node.output(0), attribute.t());
    for (std::size_t i = 0; i < state.size(); ++i) state[i].name = names[i];
    io::load_state(path.string(), entries, state);
}

/// Reads the initialisers of an ONNX file into a model's parameters and buffers of the same names, as save() writes them. Throws
/// one Error that lists all that are missing, unexpected (both only if `strict`) or of another dtype or shape, and then changes
/// nothing.
template <nn::AnyModule M>
LoadResult load_weights(M& model, const std::filesystem::path& path, bool strict = true) {
    return load_weights_from(path.string(), io::read_file(path), model, strict);
}

}  // namespace xnn::onnx
