// What writes a graph while a model's forward runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "xnn/core/shape.hpp"
#include "xnn/io/onnx/graph.hpp"

namespace xnn::onnx {

/// An array of the graph: its name, and what is known of it. Extents that a run decides are dyn.
struct Value {
    std::string name;
    Dtype dtype = Dtype::F32;
    std::vector<index_t> extents{};
    std::optional<double> number{};  ///< what it is, if it is one number

    std::size_t rank() const { return extents.size(); }
    bool is_static() const { return std::find(extents.begin(), extents.end(), dyn) == extents.end(); }
    /// The number of elements, or dyn.
    index_t size() const {
        index_t result = 1;
        for (const index_t extent : extents) {
            if (extent == dyn) return dyn;
            result *= extent;
        }
        return result;
    }
};

/// An operation that arrived: its arguments, and what its result is; its name is what the mapping finds.
struct Call {
    std::vector<Value> arguments;
    Value result;

    const Value& operator[](std::size_t i) const { return arguments[i]; }
    std::size_t size() const { return arguments.size(); }
};

/// An extent of an array that is to be made: a number, or that of another array.
struct Extent {
    index_t number = dyn;
    std::string of{};
    index_t dimension = 0;

    constexpr Extent(index_t known) : number(known) {}
    Extent(const Value& value, std::size_t at)
        : number(value.extents[at]), of(value.name), dimension(static_cast<index_t>(at)) {}
};

/// A module of the model that is traced, and its name in it.
struct ModulePath {
    const void* module;
    const void* type;
    std::string path;
};

/// Writes operators into a graph, named after the modules that they belong to. Mappings call op() and what is built of it.
class Tracer {
public:
    Tracer(Graph& graph, std::vector<ModulePath> modules, std::vector<NamedBuffer> state)
        : graph_(graph), modules_(std::move(modules)), state_(std::move(state)) {
        for (const auto& entry : state_) names_.insert(entry.name);
    }
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    /// Applies an operator with one result; the name of that.
    std::string op(std::string type, std::vector<std::string> inputs, std::vector<Attribute> attributes = {}) {
        return ops(std::move(type), std::move(inputs), 1, std::move(attributes)).front();
    }
    /// The same with several results.
    std::vector<std::string> ops(std::string type, std::vector<std::string> inputs, std::size_t results, std::vector<Attribute> attributes = {}) {
        while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
        Node node{unique(type), std::move(type), std::move(inputs), {}, std::move(attributes)};
        for (std::size_t i = 0; i < results; ++i) node.outputs.push_back(i == 0 ? node.name : node.name + "." + std::to_string(i));
        graph_.nodes.push_back(node);
        return std::move(node.outputs);
    }

    /// An array that the graph holds.
    std::string constant(Constant array) { return op("Constant", {}, {{"value", std::move(array)}}); }
    /// The same number everywhere, in an array of this dtype.
    std::string filled(Dtype dtype, double number, std::vector<index_t> extents) {
        Constant array{dtype, std::move(extents), {}};
        index_t size = 1;
        for (const index_t extent : array.extents) size *= extent;
        append_number(array.data, dtype, number);
        const std::vector<std::byte> one = array.data;
        array.data.clear();
        for (index_t i = 0; i < size; ++i) array.data.insert(array.data.end(), one.begin(), one.end());
        return constant(std::move(array));
    }
    std::string number(double value, Dtype dtype) { return filled(dtype, value, {}); }
    /// A list of whole numbers, as operators take axes and extents.
    std::string integers(const std::vector<index_t>& values) {
        Constant array{Dtype::I64, {static_cast<index_t>(values.size())}, {}};
        for (const index_t value : values) append(array.data, std::int64_t{value});
        return constant(std::move(array));
    }
    /// Numbers of an array, in its dtype.
    std::string numbers(const std::vector<double>& values, Dtype dtype, std::vector<index_t> extents) {
        Constant array{dtype, std::move(extents), {}};
        for (const double value : values) append_number(array.data, dtype, value);
        return constant(std::move(array));
    }

    /// A list of extents, of which a run may decide some.
    std::string extents(const std::vector<Extent>& list) {
        std::vector<index_t> known;
        std::vector<std::string> parts;
        const auto flush = [&] {
            if (!known.empty()) parts.push_back(integers(std::exchange(known, {})));
        };
        for (const auto& extent : list) {
            if (extent.number != dyn || extent.of.empty()) {
                known.push_back(extent.number);
            } else {
                flush();
                parts.push_back(op("Gather", {op("Shape", {extent.of}), integers({extent.dimension})}, {{"axis", index_t{0}}}));
            }
        }
        flush();
        if (parts.empty()) return integers({});
        return parts.size() == 1 ? parts.front() : op("Concat", std::move(parts), {{"axis", index_t{0}}});
    }
    /// The extents of an array.
    std::string shape_of(const Value& value) {
        std::vector<Extent> list;
        for (std::size_t i = 0; i < value.rank(); ++i) list.emplace_back(value, i);
        return extents(list);
    }
    std::string reshape(const std::string& x, const std::vector<Extent>& list) { return op("Reshape", {x, extents(list)}); }
    std::string unsqueeze(const std::string& x, const std::vector<index_t>& axes) { return op("Unsqueeze", {x, integers(axes)}); }
    std::string squeeze(const std::string& x, const std::vector<index_t>& axes) { return op("Squeeze", {x, integers(axes)}); }
    std::string transpose(const std::string& x, std::vector<index_t> order) { return op("Transpose", {x}, {{"perm", std::move(order)}}); }
    std::string cast(const std::string& x, Dtype dtype) { return op("Cast", {x}, {{"to", onnx_dtype(dtype)}}); }
    std::string slice(const std::string& x, index_t axis, index_t start, index_t stop, index_t step = 1) {
        return op("Slice", {x, integers({start}), integers({stop}), integers({axis}), integers({step})});
    }

    /// Elements in memory: a parameter or buffer of the model by its name, anything else as a constant.
    Value array(const void* data, Dtype dtype, std::vector<index_t> extents) {
        for (const auto& entry : state_)
            if (entry.data == data && entry.dtype == dtype && entry.extents == extents) {
                if (used_.insert(entry.name).second) graph_.initializers.push_back(entry);
                return {entry.name, dtype, std::move(extents)};
            }
        Value value{"", dtype, std::move(extents)};
        const auto* bytes = static_cast<const std::byte*>(data);
        value.name = constant({dtype, value.extents, {bytes, bytes + value.size() * size_of(dtype)}});
        return value;
    }

    /// What an operation with several results found, in their order.
    void set_parts(const std::string& whole, std::vector<std::string> parts) { parts_[whole] = {std::move(parts), 0}; }
    std::string next_part(const std::string& whole) {
        auto& [names, next] = parts_.at(whole);
        return names.at(next++);
    }

    /// From now on operators belong to this module, if it is one of the model's; until leave().
    void enter(const void* module, const void* type) {
        const ModulePath* found = nullptr;
        for (const auto& one : modules_)
            if (one.module == module && one.type == type) {
                found = &one;
                break;
            }
        scopes_.push_back(found ? found->path : scope());
    }
    void leave() { scopes_.pop_back(); }

    /// ONNX's number of a dtype. https://onnx.ai/onnx/repo-docs/IR.html#standard-data-types
    static index_t onnx_dtype(Dtype dtype) {
        constexpr std::array<index_t, 10> numbers{10, 16, 1, 11, 2, 3, 5, 6, 7, 9};  // in the order of Dtype
        return numbers[static_cast<std::size_t>(dtype)];
    }

    /// A name that nothing else has: that of the module and a word.
    std::string unique(const std::string& word) {
        const std::string base = scope().empty() ? word : scope() + "/" + word;
        index_t& count = counts_[base];
        std::string name;
        do {
            name = count == 0 ? base : base + "_" + std::to_string(count);
            ++count;
        } while (!names_.insert(name).second);
        return name;
    }

private:
    std::string scope() const { return scopes_.empty() ? std::string() : scopes_.back(); }

    template <class T>
    static void append(std::vector<std::byte>& data, T value) {
        std::byte bytes[sizeof(T)];
        std::memcpy(bytes, &value, sizeof(T));
        data.insert(data.end(), bytes, bytes + sizeof(T));
    }
    static void append_number(std::vector<std::byte>& data, Dtype dtype, double value) {
        switch (dtype) {
            case Dtype::F16: return append(data, float16(static_cast<float>(value)));
            case Dtype::BF16: return append(data, bfloat16(static_cast<float>(value)));
            case Dtype::F32: return append(data, static_cast<float>(value));
            case Dtype::F64: return append(data, value);
            case Dtype::U8: return append(data, static_cast<std::uint8_t>(value));
            case Dtype::I8: return append(data, static_cast<std::int8_t>(value));
            case Dtype::I16: return append(data, static_cast<std::int16_t>(value));
            case Dtype::I32: return append(data, static_cast<std::int32_t>(value));
            case Dtype::I64: return append(data, static_cast<std::int64_t>(value));
            case Dtype::BOOL: return append(data, static_cast<std::uint8_t>(value != 0));
        }
    }

    struct Parts {
        std::vector<std::string> names;
        std::size_t next;
    };

    Graph& graph_;
    std::vector<ModulePath> modules_;
    std::vector<NamedBuffer> state_;
    std::set<std::string> used_, names_;
    std::map<std::string, index_t> counts_;
    std::map<std::string, Parts> parts_;
    std::vector<std::string> scopes_;
};

}  // namespace xnn::onnx
