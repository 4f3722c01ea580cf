// A network of an ONNX file as a C++ header: a type with its parameters and forward(), and a loader of its weights.
#pragma once

#include "xnn/io/onnx/codegen/layers.hpp"
#include "xnn/io/onnx/codegen/pointwise.hpp"

namespace xnn::onnx::codegen {

/// How the type is called, and where it stands.
struct HeaderOptions {
    std::string name = "Network";
    std::string name_space = "network";
};

/// What is known of ONNX's operators.
inline const Translations& translations() {
    static const Translations table = [] {
        Translations result;
        add_pointwise(result);
        add_shapes(result);
        add_layers(result);
        return result;
    }();
    return table;
}

namespace detail {

class HeaderWriter {
public:
    HeaderWriter(const Source& source, HeaderOptions options) : source_(source), options_(std::move(options)), names_(source) {}

    std::string text() {
        std::vector<std::string> inputs, types;
        for (const auto& input : source_.graph().input()) {
            if (source_.is_constant(input.name())) continue;  // the first versions list initialisers among the inputs
            inputs.push_back("auto " + names_.declare(input.name(), true));
            const Type& type = source_.type(input.name());
            types.push_back("xnn::Tensor<" + dtype_text(type.dtype) + ", " + shape_text(type.extents) + ">");
        }
        for (const auto& node : source_.graph().node()) add(node);
        std::vector<std::string> outputs;
        for (const auto& output : source_.graph().output()) outputs.push_back(call("xnn::operand", {names_.fused(output.name())}));

        std::string text = "// Made by xnn-codegen from " + string_literal(std::filesystem::path(source_.name()).filename().string()) + ".\n";
        text += "#pragma once\n\n#include <filesystem>\n#include <limits>\n#include <tuple>\n\n#include <xnn/io/onnx/load.hpp>\n#include <xnn/xnn.hpp>\n\n";
        text += "namespace " + options_.name_space + " {\n\n";
        text += "/// The inputs that the file was made for.\nusing Inputs = std::tuple<" + joined(types) + ">;\n\n";
        text += "struct " + options_.name + " : xnn::nn::Module<" + options_.name + "> {\n" + members();
        text += "    auto forward(" + joined(inputs) + ") const {\n" + body_;
        text += "        return " + (outputs.size() == 1 ? outputs.front() : call("std::tuple", outputs)) + ";\n    }\n};\n\n";
        text += loader();
        return text + "\n}  // namespace " + options_.name_space + "\n";
    }

private:
    void add(const ::onnx::NodeProto& node) {
        if (node.op_type() == "Constant") {
            if (!source_.is_constant(node.output(0))) fail(source_.name(), "a Constant with a tensor as its value", node.output(0));
            return;
        }
        const auto found = node.domain().empty() || node.domain() == "ai.onnx" ? translations().find(node.op_type()) : translations().end();
        if (found == translations().end()) fail(source_.name(), "an operator that xnn-codegen knows", node.op_type());
        const auto results = found->second(NodeView(source_, names_, node));
        for (int i = 0; i < node.output_size(); ++i) {
            const std::string& output = node.output(i);
            if (output.empty() || !names_.is_used(output)) continue;
            if (static_cast<std::size_t>(i) >= results.size()) fail(source_.name(), node.op_type() + " with fewer results", "result " + std::to_string(i));
            body_ += "        auto " + names_.declare(output, true) + " = " + results[static_cast<std::size_t>(i)] + ";\n";
        }
    }
    /// Calls f(value, type) for the members in the order of a state dict: parameters, then buffers, each as in the file.
    template <class F>
    void for_each_member(F&& f) {
        const auto& used = names_.members();
        std::vector<std::string> ordered;
        for (const auto& tensor : source_.graph().initializer())
            if (std::find(used.begin(), used.end(), tensor.name()) != used.end()) ordered.push_back(tensor.name());
        for (const auto& value : used)
            if (std::find(ordered.begin(), ordered.end(), value) == ordered.end()) ordered.push_back(value);
        for (const bool learned : {true, false})
            for (const auto& value : ordered)
                if (names_.is_learned(value) == learned) f(value, source_.type(value));
    }
    std::string members() {
        std::string text, visits;
        for_each_member([&](const std::string& value, const Type& type) {
            const auto& name = names_.member(value);
            const std::string kind = names_.is_learned(value) ? "xnn::Parameter" : "xnn::nn::Buffer";
            text += "    " + kind + "<" + dtype_text(type.dtype) + ", " + shape_text(type.extents) + "> " + name + ";\n";
            visits += "        f(" + string_literal(name) + ", self." + name + ");\n";
        });
        if (names_.members().size() > most_found_members)  // then the type says what they are
            text += "\n    template <class Self, class F>\n    static constexpr void visit_own_members(Self& self, F&& f) {\n" + visits + "    }\n";
        return text.empty() ? text : text + "\n";
    }
    std::string loader() {
        std::vector<std::string> values;
        for_each_member([&](const std::string& value, const Type&) { values.push_back(string_literal(value)); });
        return "/// Reads the weights from the file that this was made from. Throws xnn::Error, and changes nothing, if it has others.\n"
               "inline void load_weights(" + options_.name + "& network, const std::filesystem::path& path) {\n"
               "    xnn::onnx::load_arrays(path, network.state_dict(), {" + joined(values) + "});\n}\n";
    }

    static constexpr std::size_t most_found_members = 40;

    const Source& source_;
    HeaderOptions options_;
    Names names_;
    std::string body_;
};

}  // namespace detail

/// The header for the model in these bytes; `source` names them in errors. Throws Error for what is no valid model and for
/// operators and options that have no counterpart.
inline std::string write_header(const std::string& source, std::span<const std::byte> bytes, const HeaderOptions& options = {}) {
    for (const auto& word : {options.name, options.name_space})
        if (identifier(word, "") != word || word.empty()) fail("xnn-codegen", "a name that C++ takes", "'" + word + "'");
    const Source model(source, bytes);
    return detail::HeaderWriter(model, options).text();
}

}  // namespace xnn::onnx::codegen
