// Pooling.
#pragma once

#include "xnn/io/onnx/conv.hpp"
#include "xnn/ops/place.hpp"

namespace xnn::onnx {

namespace detail {

/// f(x) of an array with one batch and one channel dimension in front of the spatial ones, whatever stands there.
template <class F>
std::string with_channels(Tracer& t, const Value& x, std::size_t spatial, F&& f) {
    if (x.rank() == spatial + 2) return f(x.name);
    if (x.rank() == spatial + 1) return with_batch(t, x, spatial, f);
    std::vector<Extent> merged{-1, 1}, apart;
    for (std::size_t i = x.rank() - spatial; i < x.rank(); ++i) merged.emplace_back(x, i);
    const auto y = f(t.reshape(x.name, merged));
    for (std::size_t i = 0; i + spatial < x.rank(); ++i) apart.emplace_back(x, i);
    std::vector<std::string> parts{t.extents(apart), t.slice(t.op("Shape", {y}), 0, 2, to_end)};
    return t.op("Reshape", {y, t.op("Concat", std::move(parts), {{"axis", index_t{0}}})});
}

template <std::size_t R>
std::vector<Attribute> window_attributes(const PoolWindow<R>& window) {
    return {{"kernel_shape", list_of(window.kernel_size)}, {"strides", list_of(window.stride)}, {"pads", joined(window.padding, window.padding)}};
}
template <std::size_t R>
std::vector<Attribute> max_pool_attributes(const PoolWindow<R>& window) {
    auto attributes = window_attributes(window);
    attributes.push_back({"dilations", list_of(window.dilation)});
    attributes.push_back({"ceil_mode", index_t{window.ceil_mode}});
    return attributes;
}
/// The spatial extents of an array.
template <std::size_t R>
Dims<R> last_extents(const Value& x) {
    Dims<R> result{};
    std::copy(x.extents.end() - R, x.extents.end(), result.begin());
    return result;
}
template <std::size_t R>
bool is_known(const Dims<R>& extents) {
    return std::find(extents.begin(), extents.end(), dyn) == extents.end();
}

/// Places in their planes, of those that MaxPool counts through all images and channels.
inline std::string places_in_planes(Tracer& t, const std::string& places, index_t plane) {
    return t.op("Mod", {places, t.number(static_cast<double>(plane), Dtype::I64)});
}

template <std::size_t R>
index_t known_plane(const char* operation, const Dims<R>& extents) {
    if (!is_known(extents)) fail(operation, "spatial extents that are known", to_text(extents));
    return product(extents);
}

}  // namespace detail

template <class Window>
std::string emit(Tracer& t, const MaxPoolRule<Window>&, const Call& c) {
    return detail::with_channels(t, c[0], PoolRule<Window>::rank,
                                 [&](const std::string& x) { return t.op("MaxPool", {x}, detail::max_pool_attributes(Window::value)); });
}
template <class Window>
std::string emit(Tracer& t, const MaxPoolIndicesRule<Window>&, const Call& c) {
    constexpr std::size_t rank = PoolRule<Window>::rank;
    const index_t plane = detail::known_plane("onnx: max_pool with indices", detail::last_extents<rank>(c[0]));
    return detail::with_channels(t, c[0], rank, [&](const std::string& x) {
        return detail::places_in_planes(t, t.ops("MaxPool", {x}, 2, detail::max_pool_attributes(Window::value))[1], plane);
    });
}

/// Where windows hang over the end, or a divisor is given, each sum is divided by a number of its own.
template <class Window, bool CountIncludePad, index_t DivisorOverride>
std::string emit(Tracer& t, const AvgPoolRule<Window, CountIncludePad, DivisorOverride>&, const Call& c) {
    constexpr auto window = Window::value;
    constexpr std::size_t rank = PoolRule<Window>::rank;
    const auto input = detail::last_extents<rank>(c[0]), output = detail::last_extents<rank>(c.result);
    auto attributes = detail::window_attributes(window);
    if (!window.ceil_mode && DivisorOverride == 0) {
        attributes.push_back({"count_include_pad", index_t{CountIncludePad}});
        return detail::with_channels(t, c[0], rank, [&](const std::string& x) { return t.op("AveragePool", {x}, attributes); });
    }
    detail::known_plane("onnx: avg_pool with ceil_mode or divisor_override", input);
    std::vector<index_t> pads(2 * (rank + 2), 0), extents(output.begin(), output.end());
    for (std::size_t i = 0; i < rank; ++i) {
        pads[2 + i] = window.padding[i];
        pads[rank + 4 + i] = std::max(window.padding[i], (output[i] - 1) * window.stride[i] + window.kernel_size[i] - input[i] - window.padding[i]);
    }
    std::vector<double> factors(static_cast<std::size_t>(product(output)), 1);
    for (index_t place = 0; place < product(output); ++place) {
        index_t rest = place, counted = 1;
        for (std::size_t i = rank; i-- > 0; rest /= output[i]) {
            const index_t start = rest % output[i] * window.stride[i] - window.padding[i];
            const index_t end = std::min(start + window.kernel_size[i], input[i] + window.padding[i]);
            counted *= CountIncludePad ? end - start : std::min(end, input[i]) - std::max<index_t>(start, 0);
        }
        const index_t divisor = DivisorOverride != 0 ? DivisorOverride : counted;
        factors[static_cast<std::size_t>(place)] = static_cast<double>(product(window.kernel_size)) / static_cast<double>(divisor);
    }
    attributes[2].value = std::vector<index_t>(2 * rank, 0);
    return detail::with_channels(t, c[0], rank, [&](const std::string& x) {
        const auto padded = t.op("Pad", {x, t.integers(pads), t.number(0, c[0].dtype)});
        return t.op("Mul", {t.op("AveragePool", {padded}, attributes), t.numbers(factors, c[0].dtype, extents)});
    });
}

namespace detail {

/// What becomes of adaptive pooling where its windows are all alike: the attributes of a pooling; none where they are not.
template <std::size_t R>
std::optional<std::vector<Attribute>> even_windows(const Dims<R>& input, const Dims<R>& output) {
    Dims<R> kernel{};
    for (std::size_t i = 0; i < R; ++i) {
        if (input[i] == dyn || output[i] == dyn || input[i] % output[i] != 0) return std::nullopt;
        kernel[i] = input[i] / output[i];
    }
    return std::vector<Attribute>{{"kernel_shape", list_of(kernel)}, {"strides", list_of(kernel)}};
}

/// Adaptive pooling: one window, windows that are all alike, or dimension by dimension, window by window.
template <std::size_t R>
std::string adaptive_pool(Tracer& t, const Call& c, const std::string& kind) {
    const auto input = last_extents<R>(c[0]), output = last_extents<R>(c.result);
    if (is_known(input) && input == output) return c[0].name;
    const bool whole = std::all_of(output.begin(), output.end(), [](index_t extent) { return extent == 1; });
    if (whole && c[0].rank() == R + 2) return t.op(kind == "Mean" ? "GlobalAveragePool" : "GlobalMaxPool", {c[0].name});
    if (const auto attributes = even_windows(input, output))
        return with_channels(t, c[0], R, [&](const std::string& x) { return t.op(kind == "Mean" ? "AveragePool" : "MaxPool", {x}, *attributes); });
    std::string x = c[0].name;
    for (std::size_t i = 0; i < R; ++i) {
        const auto axis = static_cast<index_t>(c[0].rank() - R + i);
        if (input[i] == output[i]) continue;
        if (input[i] == dyn && output[i] != 1) fail("onnx: adaptive pooling", "extents that are known, or one window", "dyn");
        std::vector<std::string> windows;
        for (index_t o = 0; o < output[i]; ++o) {
            const auto part = output[i] == 1 ? x : t.slice(x, axis, o * input[i] / output[i], ((o + 1) * input[i] + output[i] - 1) / output[i]);
            windows.push_back(t.op("Reduce" + kind, {part}, {{"axes", std::vector<index_t>{axis}}, {"keepdims", index_t{1}}}));
        }
        x = windows.size() == 1 ? windows.front() : t.op("Concat", std::move(windows), {{"axis", axis}});
    }
    return x;
}

}  // namespace detail

template <class Output>
std::string emit(Tracer& t, const AdaptiveAvgPoolRule<Output>&, const Call& c) {
    return detail::adaptive_pool<AdaptivePoolRule<Output>::rank>(t, c, "Mean");
}
template <class Output>
std::string emit(Tracer& t, const AdaptiveMaxPoolRule<Output>&, const Call& c) {
    return detail::adaptive_pool<AdaptivePoolRule<Output>::rank>(t, c, "Max");
}
template <class Output>
std::string emit(Tracer& t, const AdaptiveMaxPoolIndicesRule<Output>&, const Call& c) {
    constexpr std::size_t rank = AdaptivePoolRule<Output>::rank;
    const auto input = detail::last_extents<rank>(c[0]);
    const auto attributes = detail::even_windows(input, detail::last_extents<rank>(c.result));
    if (!attributes) fail("onnx: adaptive_max_pool with indices", "extents that are multiples of the output's", to_text(c[0].extents));
    return detail::with_channels(t, c[0], rank, [&](const std::string& x) {
        return detail::places_in_planes(t, t.ops("MaxPool", {x}, 2, *attributes)[1], product(input));
    });
}

namespace detail {

/// x with its last dimensions as one.
inline std::string as_planes(Tracer& t, const Value& x, std::size_t spatial) {
    std::vector<Extent> extents;
    for (std::size_t i = 0; i + spatial < x.rank(); ++i) extents.push_back(kept(x, i));
    extents.emplace_back(-1);
    return t.reshape(x.name, extents);
}
/// Planes as arrays of spatial extents; what stands in front of them stays.
inline std::string from_planes(Tracer& t, const std::string& planes, const Value& shape, std::size_t spatial) {
    std::vector<Extent> extents;
    for (std::size_t i = 0; i < shape.rank(); ++i)
        extents.emplace_back(i + spatial < shape.rank() && shape.extents[i] == dyn ? 0 : shape.extents[i]);
    return t.reshape(planes, extents);
}

}  // namespace detail

template <std::size_t Rank>
std::string emit(Tracer& t, const TakePlacesRule<Rank>&, const Call& c) {
    const auto taken = t.op("GatherElements", {detail::as_planes(t, c[0], Rank), detail::as_planes(t, c[1], Rank)}, {{"axis", index_t{-1}}});
    return detail::from_planes(t, taken, c.result, Rank);
}
template <class Window, class Output>
std::string emit(Tracer& t, const MaxUnpoolRule<Window, Output>&, const Call& c) {
    constexpr std::size_t rank = MaxUnpoolRule<Window, Output>::rank;
    const index_t plane = detail::known_plane("onnx: max_unpool", detail::last_extents<rank>(c.result));
    std::vector<Extent> extents;
    for (std::size_t i = 0; i + rank < c[0].rank(); ++i) extents.emplace_back(c[0], i);
    extents.emplace_back(plane);
    const auto zeros = t.op("Expand", {t.number(0, c[0].dtype), t.extents(extents)});
    const auto put = t.op("ScatterElements", {zeros, detail::as_planes(t, c[1], rank), detail::as_planes(t, c[0], rank)}, {{"axis", index_t{-1}}});
    return detail::from_planes(t, put, c.result, rank);
}

}  // namespace xnn::onnx
