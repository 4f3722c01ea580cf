// Arithmetic, functions of numbers, activations, reductions.
#pragma once

#include "xnn/io/onnx/codegen/node.hpp"

namespace xnn::onnx::codegen {

namespace detail {

/// The second argument of the first operators' arithmetic, which stood at an axis where it is not at the end.
inline std::string at_axis(const NodeView& n) {
    if (n.opset() >= 7 || n.integer("broadcast", 0) == 0 || !n.has_attribute("axis")) return n.operand(1);
    const auto behind = static_cast<index_t>(n.rank(0)) - n.integer("axis", 0) - static_cast<index_t>(n.rank(1));
    if (behind <= 0) return n.operand(1);
    auto extents = n.type(1).extents;
    extents.insert(extents.end(), static_cast<std::size_t>(behind), 1);
    return call(of("xnn::reshape", extents), {n.fused(1)});
}
inline void add_binary(Translations& table, const char* op, const char* symbol) {
    table[op] = [symbol](const NodeView& n) -> std::vector<std::string> { return {n.operand(0) + " " + symbol + " " + at_axis(n)}; };
}
inline void add_unary(Translations& table, const char* op, const char* function) {
    table[op] = [function](const NodeView& n) -> std::vector<std::string> { return {call(function, {n.fused(0)})}; };
}
/// One function of two arguments over all inputs.
inline void add_joined(Translations& table, const char* op, const char* function) {
    table[op] = [function](const NodeView& n) -> std::vector<std::string> {
        std::string result = n.fused(0);
        for (std::size_t i = 1; i < n.inputs(); ++i) result = call(function, {result, n.operand(i)});
        return {result};
    };
}
/// A function of the first input and of attributes that are numbers.
inline void add_with_numbers(Translations& table, const char* op, const char* function, std::vector<std::pair<const char*, double>> attributes) {
    table[op] = [function, attributes](const NodeView& n) -> std::vector<std::string> {
        std::vector<std::string> arguments{n.fused(0)};
        for (const auto& [name, otherwise] : attributes) arguments.push_back(number_text(n.number(name, otherwise)));
        return {call(function, arguments)};
    };
}

inline std::vector<index_t> reduced_axes(const NodeView& n) { return n.integers_or_input("axes", 1); }
inline void add_reduction(Translations& table, const char* op, const char* function, const char* option = nullptr) {
    table[op] = [function, option](const NodeView& n) -> std::vector<std::string> {
        const auto axes = reduced_axes(n);
        if (axes.empty() && n.integer("noop_with_empty_axes", 0) != 0) return {n.fused(0)};
        std::vector<std::string> arguments{n.fused(0)};
        if (option) arguments.push_back(option);
        if (n.integer("keepdims", 1) != 0) arguments.push_back("xnn::keepdim");
        return {call(axes.empty() ? std::string(function) : of(function, axes), arguments)};
    };
}

inline void add_place(Translations& table, const char* op, const char* function) {
    table[op] = [function](const NodeView& n) -> std::vector<std::string> {
        std::vector<std::string> arguments{n.fused(0)};
        if (n.integer("keepdims", 1) != 0) arguments.push_back("xnn::keepdim");
        return {call(of(function, {n.integer("axis", 0)}), arguments)};
    };
}

/// Softmax over one dimension; that of the first operators, over an axis and all behind it.
inline Translation softmax(const char* function) {
    return [function](const NodeView& n) -> std::vector<std::string> {
        const auto rank = static_cast<index_t>(n.rank(0));
        const index_t given = n.integer("axis", n.opset() < 13 ? 1 : -1), axis = given < 0 ? given + rank : given;
        if (n.opset() >= 13 || axis + 1 == rank) return {call(of(function, {axis}), {n.fused(0)})};
        const auto flat = call(of("xnn::flatten", {axis, -1}), {n.fused(0)});
        return {call(of("xnn::reshape", n.type(0).extents), {call(of(function, {-1}), {flat})})};
    };
}

}  // namespace detail

inline void add_pointwise(Translations& table) {
    using namespace detail;
    for (const auto& [op, symbol] : {std::pair{"Add", "+"}, {"Sub", "-"}, {"Mul", "*"}, {"Less", "<"}, {"LessOrEqual", "<="}, {"Greater", ">"},
                                     {"GreaterOrEqual", ">="}, {"Equal", "=="}, {"And", "&&"}, {"Or", "||"}})
        add_binary(table, op, symbol);
    table["Div"] = [](const NodeView& n) -> std::vector<std::string> {
        const auto quotient = n.operand(0) + " / " + at_axis(n);
        const Dtype dtype = n.result().dtype;  // integers divide as integers
        return {is_floating(dtype) ? quotient : call("xnn::to<" + dtype_text(dtype) + ">", {quotient})};
    };
    for (const auto& [op, function] : {std::pair{"Abs", "xnn::abs"}, {"Ceil", "xnn::ceil"}, {"Floor", "xnn::floor"}, {"Round", "xnn::round"}, {"Sign", "xnn::sign"},
                                       {"Sqrt", "xnn::sqrt"}, {"Exp", "xnn::exp"}, {"Log", "xnn::log"}, {"Erf", "xnn::erf"}, {"Sin", "xnn::sin"}, {"Cos", "xnn::cos"},
                                       {"Tan", "xnn::tan"}, {"Asin", "xnn::asin"}, {"Acos", "xnn::acos"}, {"Atan", "xnn::atan"}, {"Sinh", "xnn::sinh"},
                                       {"Cosh", "xnn::cosh"}, {"Asinh", "xnn::asinh"}, {"Acosh", "xnn::acosh"}, {"Atanh", "xnn::atanh"}, {"Tanh", "xnn::tanh"},
                                       {"Reciprocal", "xnn::reciprocal"}, {"Not", "xnn::logical_not"}, {"IsNaN", "xnn::isnan"}, {"IsInf", "xnn::isinf"},
                                       {"Relu", "xnn::relu"}, {"Sigmoid", "xnn::sigmoid"}, {"Softplus", "xnn::softplus"}, {"Softsign", "xnn::softsign"},
                                       {"HardSwish", "xnn::hardswish"}, {"Neg", "-"}})
        add_unary(table, op, function);
    table["Sum"] = [](const NodeView& n) -> std::vector<std::string> {
        std::vector<std::string> parts;
        for (std::size_t i = 0; i < n.inputs(); ++i) parts.push_back(n.fused(i));
        std::string text = parts.front();
        for (std::size_t i = 1; i < parts.size(); ++i) text += " + " + parts[i];
        return {text};
    };
    add_joined(table, "Max", "xnn::maximum");
    add_joined(table, "Min", "xnn::minimum");
    add_joined(table, "Pow", "xnn::pow");
    add_joined(table, "Xor", "xnn::logical_xor");
    add_with_numbers(table, "Elu", "xnn::elu", {{"alpha", 1}});
    add_with_numbers(table, "Celu", "xnn::celu", {{"alpha", 1}});
    add_with_numbers(table, "LeakyRelu", "xnn::leaky_relu", {{"alpha", 0.01}});
    table["Selu"] = [](const NodeView& n) -> std::vector<std::string> {
        const bool first = n.opset() < 6;  // with fewer digits
        const double gamma = n.number("gamma", first ? 1.0507 : 1.0507009873554805), alpha = n.number("alpha", first ? 1.6732 : 1.6732632423543772);
        if (std::abs(gamma - 1.0507009873554805) < 1e-6 && std::abs(alpha - 1.6732632423543772) < 1e-6) return {call("xnn::selu", {n.fused(0)})};
        return {call("xnn::elu", {n.fused(0), number_text(alpha)}) + " * " + number_text(gamma)};
    };
    table["HardSigmoid"] = [](const NodeView& n) -> std::vector<std::string> {
        return {call("xnn::clamp", {n.fused(0) + " * " + number_text(n.number("alpha", 0.2)) + " + " + number_text(n.number("beta", 0.5)), "0.0", "1.0"})};
    };
    table["ThresholdedRelu"] = [](const NodeView& n) -> std::vector<std::string> { return {call("xnn::threshold", {n.fused(0), number_text(n.number("alpha", 1)), "0.0"})}; };
    table["Shrink"] = [](const NodeView& n) -> std::vector<std::string> {
        const double lambd = n.number("lambd", 0.5), bias = n.number("bias", 0);
        if (bias == 0) return {call("xnn::hardshrink", {n.fused(0), number_text(lambd)})};
        if (bias != lambd) n.refuse("a bias of 0 or lambd");
        return {call("xnn::softshrink", {n.fused(0), number_text(lambd)})};
    };
    table["Clip"] = [](const NodeView& n) -> std::vector<std::string> {
        const auto bound = [&](const char* attribute, std::size_t i, double otherwise) { return n.has(i) ? n.number_input(i) : n.number(attribute, otherwise); };
        const double inf = std::numeric_limits<double>::infinity();
        return {call("xnn::clamp", {n.fused(0), number_text(bound("min", 1, -inf)), number_text(bound("max", 2, inf))})};
    };
    table["PRelu"] = [](const NodeView& n) -> std::vector<std::string> {
        auto slope = n.name(1);
        if (n.opset() < 7 && n.rank(1) == 1 && n.extent(1, 0) != 1) {  // a slope for each channel
            n.require(n.rank(0) >= 2, "channels");
            std::vector<index_t> extents(n.rank(0) - 1, 1);
            extents[0] = n.extent(1, 0);
            slope = call(of("xnn::reshape", extents), {slope});
        }
        return {call("xnn::prelu", {n.fused(0), slope})};
    };
    table["Where"] = [](const NodeView& n) -> std::vector<std::string> { return {call("xnn::where", {n.fused(0), n.operand(1), n.operand(2)})}; };
    table["Cast"] = [](const NodeView& n) -> std::vector<std::string> { return {call("xnn::to<" + dtype_text(n.result().dtype) + ">", {n.fused(0)})}; };
    table["Mod"] = [](const NodeView& n) -> std::vector<std::string> {
        return {n.integer("fmod", 0) != 0 ? call("xnn::fmod", {n.fused(0), n.operand(1)}) : n.operand(0) + " % " + n.operand(1)};
    };
    table["Softmax"] = softmax("xnn::softmax");
    table["LogSoftmax"] = softmax("xnn::log_softmax");

    add_reduction(table, "ReduceSum", "xnn::sum");
    add_reduction(table, "ReduceMean", "xnn::mean");
    add_reduction(table, "ReduceProd", "xnn::prod");
    add_reduction(table, "ReduceMax", "xnn::amax");
    add_reduction(table, "ReduceMin", "xnn::amin");
    add_reduction(table, "ReduceLogSumExp", "xnn::logsumexp");
    add_reduction(table, "ReduceL1", "xnn::norm", "1.0");
    add_reduction(table, "ReduceL2", "xnn::norm", "2.0");
    add_place(table, "ArgMax", "xnn::argmax");
    add_place(table, "ArgMin", "xnn::argmin");
}

}  // namespace xnn::onnx::codegen
