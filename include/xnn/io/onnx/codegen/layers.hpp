// Convolutions, poolings, normalisations and products.
#pragma once

#include "xnn/io/onnx/codegen/shape.hpp"

namespace xnn::onnx::codegen {

namespace detail {

/// "xnn::nn::Sizes(1, 2)", or one number for all.
inline std::string sizes(const std::vector<index_t>& list) {
    if (std::adjacent_find(list.begin(), list.end(), std::not_equal_to<>()) == list.end()) return std::to_string(list.front());
    return "xnn::nn::Sizes(" + joined(list) + ")";
}

/// How a window moves over the dimensions behind the channels.
struct Window {
    std::vector<index_t> kernel, strides, dilations, before, after;

    Window(const NodeView& n, std::vector<index_t> kernel_shape) : kernel(std::move(kernel_shape)) {
        const std::size_t rank = kernel.size();
        n.require(rank >= 1 && rank <= 3 && n.rank(0) == rank + 2, "a window of one to three dimensions");
        const std::vector<index_t> ones(rank, 1);
        strides = n.integers("strides", ones);
        dilations = n.integers("dilations", ones);
        const auto pads = n.integers("pads", std::vector<index_t>(2 * rank, 0));
        n.require(strides.size() == rank && dilations.size() == rank && pads.size() == 2 * rank, "numbers for each dimension of the window");
        before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
        after.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
        const auto automatic = n.text("auto_pad", "NOTSET");
        if (automatic != "SAME_UPPER" && automatic != "SAME_LOWER") return;
        for (std::size_t i = 0; i < rank; ++i) {
            n.require(strides[i] > 0, "strides above 0");
            const index_t extent = n.extent(0, i + 2), windows = (extent + strides[i] - 1) / strides[i];
            const index_t all = std::max<index_t>(0, (windows - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - extent);
            before[i] = automatic == "SAME_UPPER" ? all / 2 : all - all / 2;
            after[i] = all - before[i];
        }
    }
    bool is_even() const { return before == after; }
    /// The padding as that of all dimensions.
    std::vector<index_t> pads() const {
        std::vector<index_t> result(2 * (kernel.size() + 2), 0);
        std::copy(before.begin(), before.end(), result.begin() + 2);
        std::copy(after.begin(), after.end(), result.end() - static_cast<std::ptrdiff_t>(after.size()));
        return result;
    }
    std::string dimensions() const { return std::to_string(kernel.size()) + "d"; }
};

/// The kernel's extents of a weight, input 1.
inline std::vector<index_t> kernel_of(const NodeView& n) {
    const auto& extents = n.type(1).extents;
    n.require(extents.size() > 2, "a weight of at least three dimensions");
    return {extents.begin() + 2, extents.end()};
}

inline std::vector<std::string> conv(const NodeView& n) {
    const Window window(n, kernel_of(n));
    const std::string x = window.is_even() ? n.name(0) : padded(n, n.name(0), window.pads(), "constant", "0.0");
    std::vector<std::string> options{".stride = " + sizes(window.strides)};
    if (window.is_even()) options.push_back(".padding = " + sizes(window.before));
    options.push_back(".dilation = " + sizes(window.dilations));
    options.push_back(".groups = " + std::to_string(n.integer("group", 1)));
    std::vector<std::string> arguments{x, n.name(1)};
    if (n.has(2)) arguments.push_back(n.name(2));
    return {call("xnn::nn::F::conv" + window.dimensions() + "<xnn::nn::ConvOptions{" + joined(options) + "}>", arguments)};
}

inline std::vector<std::string> conv_transpose(const NodeView& n) {
    const Window window(n, kernel_of(n));
    if (!window.is_even() || n.has_attribute("output_shape")) n.refuse("a padding that is the same on both sides");
    const std::vector<std::string> options{".stride = " + sizes(window.strides), ".padding = " + sizes(window.before),
                                           ".output_padding = " + sizes(n.integers("output_padding", std::vector<index_t>(window.kernel.size(), 0))),
                                           ".groups = " + std::to_string(n.integer("group", 1)), ".dilation = " + sizes(window.dilations)};
    std::vector<std::string> arguments{n.name(0), n.name(1)};
    if (n.has(2)) arguments.push_back(n.name(2));
    return {call("xnn::nn::F::conv_transpose" + window.dimensions() + "<xnn::nn::ConvTransposeOptions{" + joined(options) + "}>", arguments)};
}

inline std::vector<std::string> pool(const NodeView& n) {
    const bool max = n.op() == "MaxPool";
    const Window window(n, n.integers("kernel_shape"));
    const bool count_padding = n.integer("count_include_pad", 0) != 0;
    bool fits = window.is_even();
    for (std::size_t i = 0; i < window.kernel.size(); ++i) fits = fits && 2 * window.before[i] <= window.kernel[i];
    if (!fits && !max && !count_padding) n.refuse("a padding of at most half the window on both sides");
    const std::string x = fits ? n.fused(0) : padded(n, n.name(0), window.pads(), "constant", max ? number_text(-std::numeric_limits<double>::infinity()) : "0.0");
    std::vector<std::string> options{".stride = " + sizes(window.strides)};
    if (fits) options.push_back(".padding = " + sizes(window.before));
    if (max) options.push_back(".dilation = " + sizes(window.dilations));
    options.push_back(std::string(".ceil_mode = ") + (n.integer("ceil_mode", 0) != 0 ? "true" : "false"));
    if (!max) options.push_back(std::string(".count_include_pad = ") + (count_padding ? "true" : "false"));
    const std::string kind = max ? "max_pool" : "avg_pool", type = max ? "MaxPoolOptions" : "AvgPoolOptions";
    return {call("xnn::nn::F::" + kind + window.dimensions() + "<" + sizes(window.kernel) + ", xnn::nn::" + type + "{" + joined(options) + "}>", {x})};
}
inline Translation global_pool(const char* kind) {
    return [kind](const NodeView& n) -> std::vector<std::string> {
        n.require(n.rank(0) >= 3, "at least three dimensions");
        return {call("xnn::nn::F::adaptive_" + std::string(kind) + "_pool" + std::to_string(n.rank(0) - 2) + "d<1>", {n.fused(0)})};
    };
}

/// A number for each channel, beside what has dimensions behind them.
inline std::string channels(const NodeView& n, std::size_t i, const std::string& numbers) {
    n.require(n.rank(0) >= 2, "channels");
    std::vector<index_t> extents(n.rank(0) - 1, 1);
    extents[0] = n.extent(i, 0);
    return extents.size() == 1 ? numbers : call(of("xnn::reshape", extents), {numbers});
}
inline std::vector<std::string> batch_norm(const NodeView& n) {
    if (n.integer("training_mode", 0) != 0) n.refuse("running statistics");
    const auto deviation = call("xnn::sqrt", {channels(n, 4, n.fixed(4)) + " + " + number_text(n.number("epsilon", 1e-5))});
    return {"(" + n.fused(0) + " - " + channels(n, 3, n.fixed(3)) + ") * (" + channels(n, 1, n.name(1)) + " / " + deviation + ") + " + channels(n, 2, n.name(2))};
}
/// Every channel is a group of its own.
inline std::vector<std::string> instance_norm(const NodeView& n) {
    return {call(of("xnn::nn::F::group_norm", {n.extent(1, 0)}), {n.name(0), n.name(1), n.name(2), number_text(n.number("epsilon", 1e-5))})};
}
inline std::vector<std::string> layer_norm(const NodeView& n) {
    const auto axis = static_cast<std::ptrdiff_t>(positive_axis(n, n.integer("axis", -1)));
    const auto& extents = n.type(0).extents;
    n.require(axis >= 0 && static_cast<std::size_t>(axis) < extents.size(), "an axis of the input");
    const auto shape = shape_text({extents.begin() + axis, extents.end()});
    const auto eps = number_text(n.number("epsilon", 1e-5));
    if (n.has(2)) return {call("xnn::nn::F::layer_norm<" + shape + ">", {n.name(0), n.name(1), n.name(2), eps})};
    return {call("xnn::nn::F::layer_norm<" + shape + ">", {n.name(0), eps}) + " * " + n.name(1)};
}

inline std::vector<std::string> gemm(const NodeView& n) {
    const bool turn_a = n.integer("transA", 0) != 0, turn_b = n.integer("transB", 0) != 0;
    const double alpha = n.number("alpha", 1), beta = n.number("beta", 1);
    if (!turn_a && turn_b && alpha == 1 && beta == 1 && (!n.has(2) || (n.rank(2) == 1 && n.extent(2, 0) != 1))) {
        std::vector<std::string> arguments{n.name(0), n.name(1)};
        if (n.has(2)) arguments.push_back(n.name(2));
        return {call("xnn::functional::linear", arguments)};
    }
    const auto factor = [&](std::size_t i, bool turn) { return turn ? call("xnn::transpose<0, 1>", {n.name(i)}) : n.name(i); };
    std::string y = call("xnn::matmul", {factor(0, turn_a), factor(1, turn_b)});
    if (alpha != 1) y += " * " + number_text(alpha);
    if (!n.has(2) || beta == 0) return {y};
    return {y + " + " + n.operand(2) + (beta != 1 ? " * " + number_text(beta) : "")};
}

}  // namespace detail

inline void add_layers(Translations& table) {
    using namespace detail;
    table["Conv"] = conv;
    table["ConvTranspose"] = conv_transpose;
    table["MaxPool"] = pool;
    table["AveragePool"] = pool;
    table["GlobalAveragePool"] = global_pool("avg");
    table["GlobalMaxPool"] = global_pool("max");
    table["BatchNormalization"] = batch_norm;
    table["InstanceNormalization"] = instance_norm;
    table["LayerNormalization"] = layer_norm;
    table["Gemm"] = gemm;
    table["MatMul"] = [](const NodeView& n) -> std::vector<std::string> { return {call("xnn::matmul", {n.name(0), n.name(1)})}; };
}

}  // namespace xnn::onnx::codegen
