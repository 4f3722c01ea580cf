// Changes of shape, slices, joins and padding.
#pragma once

#include "xnn/io/onnx/codegen/node.hpp"

namespace xnn::onnx::codegen {

namespace detail {

/// An array under the extents that its type has; of those that a run decides there may be one.
inline std::string reshaped(const NodeView& n, const std::string& x, const std::vector<index_t>& extents) {
    if (std::count(extents.begin(), extents.end(), dyn) > 1) n.refuse("a shape of which a run decides one extent");
    return call(of("xnn::reshape", extents), {x});
}
inline index_t positive_axis(const NodeView& n, index_t axis) { return axis < 0 ? axis + static_cast<index_t>(n.rank(0)) : axis; }

inline std::string sliced(const std::string& x, index_t axis, index_t start, index_t stop, index_t step = 1) {
    const auto bound = [](index_t at) { return at >= std::numeric_limits<std::int32_t>::max() ? std::string("xnn::to_end") : std::to_string(at); };
    std::vector<std::string> arguments{std::to_string(axis), bound(start), bound(stop)};
    if (step != 1) arguments.push_back(std::to_string(step));
    return "xnn::slice<" + joined(arguments) + ">(" + x + ")";
}

/// Amounts before and after, dimension by dimension, in PyTorch's order.
inline std::string padded(const NodeView& n, const std::string& x, const std::vector<index_t>& pads, const std::string& mode, const std::string& value) {
    const std::size_t rank = pads.size() / 2;
    n.require(pads.size() == 2 * n.rank(0), "two amounts for each dimension");
    std::size_t first = 0;  // the first dimension that is padded
    while (first < rank && pads[first] == 0 && pads[rank + first] == 0) ++first;
    if (first == rank) return x;
    std::vector<index_t> amounts;
    for (std::size_t i = rank; i-- > first;) {
        amounts.push_back(pads[i]);
        amounts.push_back(pads[rank + i]);
    }
    if (mode == "constant") return call(of("xnn::functional::pad", amounts), {x, value});
    if (rank - first > 3) n.refuse("at most three dimensions that are padded by other than a constant");
    return "xnn::functional::pad<xnn::Pads(" + joined(amounts) + "), xnn::PaddingMode::" + (mode == "reflect" ? "reflect" : "replicate") + ">(" + x + ")";
}

inline std::vector<std::string> split(const NodeView& n) {
    const index_t axis = positive_axis(n, n.integer("axis", 0));
    auto sizes = n.integers_or_input("split", 1);
    if (sizes.empty())
        for (std::size_t i = 0; i < n.outputs(); ++i) {
            const auto& extents = n.result(i).extents;
            n.require(axis >= 0 && static_cast<std::size_t>(axis) < extents.size() && extents[static_cast<std::size_t>(axis)] != dyn, "parts whose sizes are known");
            sizes.push_back(extents[static_cast<std::size_t>(axis)]);
        }
    std::vector<std::string> parts;
    index_t at = 0;
    for (const index_t size : sizes) {
        parts.push_back(sliced(n.name(0), axis, at, at + size));
        at += size;
    }
    return parts;
}

inline std::vector<std::string> gather(const NodeView& n) {
    const index_t axis = positive_axis(n, n.integer("axis", 0));
    if (n.rank(1) == 0 && n.is_constant(1)) return {call(of("xnn::select", {axis}), {n.name(0), std::to_string(static_cast<index_t>(n.number_input(1)))})};
    if (axis == 0 && n.rank(0) == 2) return {call("xnn::functional::embedding", {n.name(1), n.name(0)})};
    if (n.rank(1) == 1) return {call(of("xnn::index_select", {axis}), {n.name(0), n.name(1)})};
    const auto flat = call(of("xnn::index_select", {axis}), {n.name(0), call("xnn::flatten", {n.name(1)})});
    return {reshaped(n, flat, n.result().extents)};
}

}  // namespace detail

inline void add_shapes(Translations& table) {
    using namespace detail;
    using Texts = std::vector<std::string>;
    for (const char* op : {"Identity", "Dropout"}) table[op] = [](const NodeView& n) -> Texts { return {call("xnn::operand", {n.fused(0)})}; };
    for (const char* op : {"Reshape", "Squeeze", "Unsqueeze"})
        table[op] = [](const NodeView& n) -> Texts { return {reshaped(n, n.fused(0), n.result().extents)}; };
    table["Flatten"] = [](const NodeView& n) -> Texts {
        const index_t axis = positive_axis(n, n.integer("axis", 1));
        if (axis > 0 && static_cast<std::size_t>(axis) < n.rank(0)) {
            const auto behind = call(of("xnn::flatten", {axis, -1}), {n.fused(0)});
            return {axis == 1 ? behind : call(of("xnn::flatten", {0, axis - 1}), {behind})};
        }
        return {reshaped(n, n.fused(0), n.result().extents)};
    };
    table["Transpose"] = [](const NodeView& n) -> Texts {
        auto order = n.integers("perm");
        if (order.empty())
            for (std::size_t i = n.rank(0); i-- > 0;) order.push_back(static_cast<index_t>(i));
        return {call(of("xnn::permute", order), {n.name(0)})};
    };
    table["Concat"] = [](const NodeView& n) -> Texts {
        Texts parts;
        for (std::size_t i = 0; i < n.inputs(); ++i) parts.push_back(n.name(i));
        return {call(of("xnn::cat", {n.integer("axis", 1)}), parts)};
    };
    table["Split"] = split;
    table["Slice"] = [](const NodeView& n) -> Texts {
        const auto starts = n.integers_or_input("starts", 1), stops = n.integers_or_input("ends", 2), steps = n.has(4) ? n.integer_inputs(4) : std::vector<index_t>{};
        auto axes = n.integers_or_input("axes", 3);
        const auto fits = [&](const std::vector<index_t>& list) { return list.empty() || list.size() == starts.size(); };
        n.require(stops.size() == starts.size() && fits(axes) && fits(steps), "as many ends, axes and steps as starts");
        std::string x = n.name(0);
        for (std::size_t i = 0; i < starts.size(); ++i) {
            const index_t axis = axes.empty() ? static_cast<index_t>(i) : positive_axis(n, axes[i]), step = steps.empty() ? 1 : steps[i];
            if (step < 0) n.refuse("steps above 0");
            x = sliced(x, axis, starts[i], stops[i], step);
        }
        return {x};
    };
    table["Gather"] = gather;
    table["GatherElements"] = [](const NodeView& n) -> Texts { return {call(of("xnn::gather", {n.integer("axis", 0)}), {n.name(0), n.name(1)})}; };
    table["Expand"] = [](const NodeView& n) -> Texts { return {call(of("xnn::expand", n.result().extents), {n.fused(0)})}; };
    table["Tile"] = [](const NodeView& n) -> Texts {
        const auto times = n.integer_inputs(1);
        std::string x = n.name(0);
        for (std::size_t i = 0; i < times.size(); ++i) {
            n.require(times[i] >= 1 && times[i] <= 64, "1 to 64 repeats");
            if (times[i] != 1) x = call(of("xnn::cat", {static_cast<index_t>(i)}), Texts(static_cast<std::size_t>(times[i]), x));
        }
        return {call("xnn::operand", {x})};
    };
    table["Pad"] = [](const NodeView& n) -> Texts {
        const double value = n.has(2) ? n.number_input(2) : n.number("value", 0);
        return {padded(n, n.name(0), n.integers_or_input("pads", 1), n.text("mode", "constant"), number_text(value))};
    };
    table["DepthToSpace"] = [](const NodeView& n) -> Texts {
        n.require(n.integer("blocksize", 1) > 0, "a blocksize above 0");
        const index_t block = n.integer("blocksize", 1), channels = n.extent(0, 1), h = n.extent(0, 2), w = n.extent(0, 3);
        const bool depth_first = n.text("mode", "DCR") == "DCR";
        const index_t batch = n.type(0).extents[0], left = channels / block / block;
        using List = std::vector<index_t>;
        const auto apart = call(of("xnn::reshape", depth_first ? List{batch, block, block, left, h, w} : List{batch, left, block, block, h, w}), {n.name(0)});
        const auto turned = call(of("xnn::permute", depth_first ? List{0, 3, 4, 1, 5, 2} : List{0, 1, 4, 2, 5, 3}), {apart});
        return {call(of("xnn::reshape", {batch, left, h * block, w * block}), {turned})};
    };
}

}  // namespace xnn::onnx::codegen
