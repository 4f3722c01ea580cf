// A network as ONNX describes it, without a word about how a file holds it. https://onnx.ai/onnx/repo-docs/IR.html
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "xnn/core/named_buffer.hpp"

namespace xnn::onnx {

/// An array that the graph itself holds.
struct Constant {
    Dtype dtype;
    std::vector<index_t> extents;
    std::vector<std::byte> data;  ///< row-major, little-endian
};

/// An argument of an operator that is known before the run.
struct Attribute {
    std::string name;
    std::variant<index_t, double, std::string, std::vector<index_t>, std::vector<std::string>, Constant> value;
};

/// An operator applied to values, which are known by their names; an empty name is an argument that is absent.
struct Node {
    std::string name;
    std::string op;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::vector<Attribute> attributes;
};

/// What goes into a graph or comes out of it. An extent that a run decides is -1.
struct Port {
    std::string name;
    Dtype dtype;
    std::vector<index_t> extents;
};

/// Operators in an order in which they can run, and the parameters of the model, which stay where they are.
struct Graph {
    std::string name;
    std::vector<Port> inputs;
    std::vector<Port> outputs;
    std::vector<NamedBuffer> initializers;
    std::vector<Node> nodes;
};

/// Drops the operators and parameters that no output depends on.
inline void drop_unused(Graph& graph) {
    std::vector<std::string> wanted;
    const auto is_wanted = [&](const std::string& name) {
        for (const auto& one : wanted)
            if (one == name) return true;
        return false;
    };
    for (const auto& output : graph.outputs) wanted.push_back(output.name);
    std::vector<Node> kept;
    while (!graph.nodes.empty()) {
        Node node = std::move(graph.nodes.back());
        graph.nodes.pop_back();
        bool used = false;
        for (const auto& output : node.outputs) used = used || is_wanted(output);
        if (!used) continue;
        for (const auto& input : node.inputs)
            if (!is_wanted(input)) wanted.push_back(input);
        kept.push_back(std::move(node));
    }
    graph.nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
    std::erase_if(graph.initializers, [&](const NamedBuffer& one) { return !is_wanted(one.name); });
}

/// Lets an operator write its result under the name that a copy of it has, and drops the copy.
inline void join_copies(Graph& graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (graph.nodes[i].op != "Identity") continue;
        const std::string from = graph.nodes[i].inputs.front(), to = graph.nodes[i].outputs.front();
        bool written = false;
        for (std::size_t j = 0; j < i; ++j)
            for (auto& output : graph.nodes[j].outputs)
                if (output == from) {
                    output = to;
                    written = true;
                }
        if (!written) continue;  // an input or a parameter
        graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(i--));
        for (auto& node : graph.nodes)
            for (auto& input : node.inputs)
                if (input == from) input = to;
    }
}

}  // namespace xnn::onnx
