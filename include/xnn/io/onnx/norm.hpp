// Normalisations, as they are out of training.
#pragma once

#include "xnn/io/onnx/shape.hpp"
#include "xnn/ops/batch_norm.hpp"
#include "xnn/ops/group_norm.hpp"
#include "xnn/ops/instance_norm.hpp"
#include "xnn/ops/layer_norm.hpp"
#include "xnn/ops/local_response_norm.hpp"
#include "xnn/ops/rms_norm.hpp"

namespace xnn::onnx {

namespace detail {

/// (x - mean) / √(variance + eps) with the moments over some axes.
inline std::string standardised(Tracer& t, const Call& c, const std::vector<index_t>& axes, double eps) {
    const Formula f(t, c);
    const auto mean = [&](const std::string& x) { return t.op("ReduceMean", {x}, {{"axes", axes}, {"keepdims", index_t{1}}}); };
    const auto distance = f.subtract(c[0].name, mean(c[0].name));
    return f.divide(distance, f.apply("Sqrt", f.add(mean(f.multiply(distance, distance)), eps)));
}
/// A number for each channel beside x, whose channels are followed by `spatial` dimensions.
inline std::string along_channels(Tracer& t, const std::string& numbers, std::size_t spatial) {
    if (spatial == 0) return numbers;
    std::vector<index_t> axes(spatial);
    for (std::size_t i = 0; i < spatial; ++i) axes[i] = static_cast<index_t>(i + 1);
    return t.unsqueeze(numbers, axes);
}
inline index_t known_channels(const Value& x, std::size_t dim) {
    if (x.extents[dim] == dyn) fail("onnx: normalisation", "a number of channels that is known", to_text(x.extents));
    return x.extents[dim];
}
/// Normalisation by running statistics.
template <class T>
std::string by_running(Tracer& t, const Value& x, std::size_t channel_dim, const RunningStatistics<T>& running, const std::string& weight,
                       const std::string& bias, double eps, const std::string& input) {
    const std::vector<index_t> channels{known_channels(x, channel_dim)};
    const auto ones = [&](double number) { return t.filled(x.dtype, number, channels); };
    return t.op("BatchNormalization",
                {input, weight.empty() ? ones(1) : weight, bias.empty() ? ones(0) : bias, t.array(running.mean, dtype_of<T>, channels).name,
                 t.array(running.variance, dtype_of<T>, channels).name},
                {{"epsilon", eps}});
}

}  // namespace detail

template <class T>
std::string emit(Tracer& t, const BatchNormRule<T>& rule, const Call& c) {
    const bool affine = c.size() == 3;
    if (rule.running.mean)
        return detail::by_running(t, c[0], 1, rule.running, affine ? c[1].name : "", affine ? c[2].name : "", rule.eps, c[0].name);
    std::vector<index_t> axes{0};
    for (std::size_t i = 2; i < c[0].rank(); ++i) axes.push_back(static_cast<index_t>(i));
    const auto y = detail::standardised(t, c, axes, rule.eps);
    if (!affine) return y;
    const std::size_t spatial = c[0].rank() - 2;
    return t.op("Add", {t.op("Mul", {y, detail::along_channels(t, c[1].name, spatial)}), detail::along_channels(t, c[2].name, spatial)});
}

template <class T, std::size_t Spatial>
std::string emit(Tracer& t, const InstanceNormRule<T, Spatial>& rule, const Call& c) {
    const std::size_t dim = c[0].rank() - Spatial - 1;
    const auto normalise = [&](const std::string& x) {
        if (rule.running.mean) return detail::by_running(t, c[0], dim, rule.running, "", "", rule.eps, x);
        const std::vector<index_t> channels{detail::known_channels(c[0], dim)};
        return t.op("InstanceNormalization", {x, t.filled(c[0].dtype, 1, channels), t.filled(c[0].dtype, 0, channels)}, {{"epsilon", rule.eps}});
    };
    return dim == 1 ? normalise(c[0].name) : t.squeeze(normalise(t.unsqueeze(c[0].name, {0})), {0});
}

/// Groups are channels of one dimension.
template <index_t Groups>
std::string emit(Tracer& t, const GroupNormRule<Groups>& rule, const Call& c) {
    const auto groups = t.reshape(c[0].name, {0, Groups, -1});
    const auto y = t.op("InstanceNormalization", {groups, t.filled(c[0].dtype, 1, {Groups}), t.filled(c[0].dtype, 0, {Groups})}, {{"epsilon", rule.eps}});
    return t.op("Reshape", {y, t.shape_of(c[0])});
}

template <AnyShape Normalized>
std::string emit(Tracer& t, const LayerNormRule<Normalized>& rule, const Call& c) {
    const auto weight = c.size() > 1 ? c[1].name : t.filled(c[0].dtype, 1, {Normalized::static_extents.begin(), Normalized::static_extents.end()});
    return t.op("LayerNormalization", {c[0].name, weight, c.size() > 2 ? c[2].name : ""},
                {{"axis", -static_cast<index_t>(Normalized::rank)}, {"epsilon", rule.eps}});
}

template <AnyShape Normalized>
std::string emit(Tracer& t, const RmsNormRule<Normalized>& rule, const Call& c) {
    const detail::Formula f(t, c);
    std::vector<index_t> axes;
    for (std::size_t i = 0; i < Normalized::rank; ++i) axes.push_back(static_cast<index_t>(i) - static_cast<index_t>(Normalized::rank));
    const auto mean = t.op("ReduceMean", {f.multiply(c[0].name, c[0].name)}, {{"axes", axes}, {"keepdims", index_t{1}}});
    const auto y = f.divide(c[0].name, f.apply("Sqrt", f.add(mean, rule.eps)));
    return c.size() > 1 ? f.multiply(y, c[1].name) : y;
}

/// The channels as a dimension of images, and all that follows them as the other one.
template <index_t Size>
std::string emit(Tracer& t, const ChannelMeanRule<Size>&, const Call& c) {
    using Rule = ChannelMeanRule<Size>;
    const auto planes = t.unsqueeze(t.reshape(c[0].name, {0, c[0].extents[1] == dyn ? 0 : c[0].extents[1], -1}), {1});
    const auto means = t.op("AveragePool", {planes},
                            {{"kernel_shape", std::vector<index_t>{Size, 1}},
                             {"pads", std::vector<index_t>{Rule::before, 0, Rule::after, 0}},
                             {"count_include_pad", index_t{1}}});
    return t.op("Reshape", {means, t.shape_of(c[0])});
}

}  // namespace xnn::onnx
