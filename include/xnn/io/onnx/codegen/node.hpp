// A node of the graph with all that its translation asks about.
#pragma once

#include <functional>
#include <set>

#include "xnn/io/onnx/codegen/source.hpp"
#include "xnn/io/onnx/codegen/text.hpp"

namespace xnn::onnx::codegen {

inline bool is_floating(Dtype dtype) { return dtype == Dtype::F32 || dtype == Dtype::F64 || dtype == Dtype::F16 || dtype == Dtype::BF16; }

/// The values of a graph as they are called in the program: arguments, members and local names.
class Names {
public:
    explicit Names(const Source& source) : source_(source) {
        for (const auto& node : source.graph().node())
            for (const auto& input : node.input()) ++uses_[input];
        for (const auto& output : source.graph().output()) ++uses_[output.name()];
    }

    /// Gives a value a name of its own; local ones can be used up.
    std::string declare(const std::string& value, bool local) {
        std::string name = identifier(value, "v");
        static const std::set<std::string> reserved{
            "alignas", "and", "apply", "asm", "auto", "bool", "break", "case", "catch", "char", "children", "class", "concept", "const", "consteval", "constexpr",
            "constinit", "continue", "decltype", "default", "delete", "do", "double", "else", "enum", "eval", "explicit", "export", "extern", "f", "false", "float",
            "for", "forward", "friend", "goto", "if", "inline", "int", "long", "module", "modules", "mutable", "namespace", "new", "noexcept", "not", "nullptr",
            "operator", "or", "parameters", "private", "protected", "public", "register", "requires", "return", "self", "short", "signed", "sizeof", "static",
            "struct", "switch", "template", "this", "throw", "train", "true", "try", "typedef", "typename", "union", "unsigned", "using", "virtual", "void",
            "volatile", "while", "x", "xnn", "std", "xor"};
        for (int i = 1; reserved.contains(name) || !taken_.insert(name).second; ++i) name = identifier(value, "v") + "_" + std::to_string(i);
        names_[value] = {name, local};
        return name;
    }
    bool is_used(const std::string& value) const { return uses_.contains(value); }

    /// The value's name; a constant that has none becomes a member.
    std::string name(const std::string& value) {
        const auto found = names_.find(value);
        if (found != names_.end()) return found->second.name + (found->second.local ? "" : suffix(value));
        source_.constant(value);  // or it is an Error
        members_.push_back(value);
        return declare(value, false) + suffix(value);
    }
    /// A constant that is not to be learned although its numbers could be.
    std::string fixed(const std::string& value) {
        if (!names_.contains(value)) fixed_.insert(value);
        return name(value);
    }
    /// Whether a member is a parameter; others are buffers.
    bool is_learned(const std::string& value) const { return is_floating(source_.type(value).dtype) && !fixed_.contains(value); }
    /// What a member is called where it is declared.
    const std::string& member(const std::string& value) const { return names_.at(value).name; }
    /// The same where the value is read once in an operation that can be fused with it: a local name that is used nowhere else
    /// is given away.
    std::string fused(const std::string& value) {
        const std::string text = name(value);
        return names_.at(value).local && uses_.at(value) == 1 ? "std::move(" + text + ")" : text;
    }
    /// The constants that have become members.
    const std::vector<std::string>& members() const { return members_; }

private:
    std::string suffix(const std::string& value) const { return is_learned(value) ? "" : ".value()"; }

    struct Name {
        std::string name;
        bool local;
    };
    const Source& source_;
    std::map<std::string, int> uses_;
    std::map<std::string, Name> names_;
    std::set<std::string> taken_, fixed_;
    std::vector<std::string> members_;
};

/// A node, its attributes, and its inputs as text.
class NodeView {
public:
    NodeView(const Source& source, Names& names, const ::onnx::NodeProto& node) : source_(source), names_(names), node_(node) {}

    index_t opset() const { return source_.opset(); }
    const std::string& op() const { return node_.op_type(); }
    std::size_t outputs() const { return static_cast<std::size_t>(node_.output_size()); }
    std::size_t inputs() const { return static_cast<std::size_t>(node_.input_size()); }
    bool has(std::size_t i) const { return i < inputs() && !node_.input(static_cast<int>(i)).empty(); }

    const Type& type(std::size_t i) const { return source_.type(input(i)); }
    const Type& result(std::size_t i = 0) const { return source_.type(node_.output(static_cast<int>(i))); }
    std::size_t rank(std::size_t i = 0) const { return type(i).rank(); }
    index_t extent(std::size_t i, std::size_t dim) const {
        if (dim >= rank(i)) refuse("an input of more dimensions");
        const index_t result = type(i).extents[dim];
        if (result == dyn) refuse("an extent that the file knows");
        return result;
    }

    /// Input i by name.
    std::string name(std::size_t i) const { return names_.name(input(i)); }
    /// The same of a constant that no training changes.
    std::string fixed(std::size_t i) const { return names_.fixed(input(i)); }
    /// Input i, fused with this node if nothing else uses it.
    std::string fused(std::size_t i) const { return names_.fused(input(i)); }
    /// The same where a number will do: a constant of one element, beside an array of at least its rank.
    std::string operand(std::size_t i) const {
        if (!source_.is_constant(input(i)) || source_.numbers(input(i)).size() != 1) return fused(i);
        for (std::size_t j = 0; j < inputs(); ++j)
            if (j != i && !source_.is_constant(input(j)) && rank(j) >= rank(i)) return literal(i);
        return fused(i);
    }
    bool is_constant(std::size_t i) const { return source_.is_constant(input(i)); }
    /// The number that input i is.
    double number_input(std::size_t i) const {
        const auto numbers = source_.numbers(input(i));
        if (numbers.size() != 1) refuse("an input of one number");
        return numbers.front();
    }
    /// The whole numbers of input i.
    std::vector<index_t> integer_inputs(std::size_t i) const {
        std::vector<index_t> result;
        for (const double number : source_.numbers(input(i))) result.push_back(static_cast<index_t>(number));
        return result;
    }

    index_t integer(const char* attribute, index_t otherwise) const {
        const auto* found = find(attribute);
        return found ? found->i() : otherwise;
    }
    double number(const char* attribute, double otherwise) const {
        const auto* found = find(attribute);
        return found ? static_cast<double>(found->f()) : otherwise;
    }
    std::string text(const char* attribute, std::string otherwise) const {
        const auto* found = find(attribute);
        return found ? found->s() : otherwise;
    }
    bool has_attribute(const char* attribute) const { return find(attribute) != nullptr; }
    std::vector<index_t> integers(const char* attribute, std::vector<index_t> otherwise = {}) const {
        const auto* found = find(attribute);
        return found ? std::vector<index_t>(found->ints().begin(), found->ints().end()) : otherwise;
    }
    /// What is an attribute up to a version of the operators, and then input i.
    std::vector<index_t> integers_or_input(const char* attribute, std::size_t i) const {
        return has_attribute(attribute) || !has(i) ? integers(attribute) : integer_inputs(i);
    }

    void require(bool holds, const std::string& expected) const {
        if (!holds) refuse(expected);
    }
    [[noreturn]] void refuse(const std::string& expected) const {
        fail(source_.name(), node_.op_type() + " '" + node_.name() + "': " + expected, "another");
    }

private:
    const std::string& input(std::size_t i) const {
        if (!has(i)) refuse("an input " + std::to_string(i));
        return node_.input(static_cast<int>(i));
    }
    std::string literal(std::size_t i) const {
        const double value = number_input(i);
        const Dtype dtype = type(i).dtype;
        if (dtype == Dtype::BOOL) return value != 0 ? "true" : "false";
        return is_floating(dtype) ? number_text(value) : std::to_string(static_cast<index_t>(value));
    }
    const ::onnx::AttributeProto* find(const char* attribute) const {
        for (const auto& one : node_.attribute())
            if (one.name() == attribute) return &one;
        return nullptr;
    }

    const Source& source_;
    Names& names_;
    const ::onnx::NodeProto& node_;
};

/// Writes a node as expressions, one for each of its outputs that it knows.
using Translation = std::function<std::vector<std::string>(const NodeView&)>;
using Translations = std::map<std::string, Translation>;

}  // namespace xnn::onnx::codegen
