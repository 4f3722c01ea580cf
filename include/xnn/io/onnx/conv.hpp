// Convolutions and patches.
#pragma once

#include "xnn/io/onnx/shape.hpp"
#include "xnn/ops/conv.hpp"
#include "xnn/ops/fold.hpp"

namespace xnn::onnx {

namespace detail {

/// f(images) of images with a batch, which is added and taken away where the argument has none.
template <class F>
std::string with_batch(Tracer& t, const Value& x, std::size_t spatial, F&& f) {
    if (x.rank() > spatial + 1) return f(x.name);
    return t.squeeze(f(t.unsqueeze(x.name, {0})), {0});
}

template <std::size_t R>
std::vector<index_t> joined(const Dims<R>& before, const Dims<R>& after) {
    std::vector<index_t> result(before.begin(), before.end());
    result.insert(result.end(), after.begin(), after.end());
    return result;
}
template <std::size_t R>
std::vector<index_t> list_of(const Dims<R>& dims) {
    return {dims.begin(), dims.end()};
}

template <std::size_t R>
std::vector<Attribute> window_attributes(const ConvWindow<R>& window, const std::vector<index_t>& kernel, const Dims<R>& pad_after) {
    return {{"kernel_shape", kernel},
            {"strides", list_of(window.stride)},
            {"pads", joined(window.pad_before, pad_after)},
            {"dilations", list_of(window.dilation)},
            {"group", window.groups}};
}
inline std::vector<index_t> kernel_of(const Value& weight) { return {weight.extents.begin() + 2, weight.extents.end()}; }

/// A transposed convolution to spatial extents of which a window's padding leaves these.
template <std::size_t R>
std::string conv_transpose(Tracer& t, const ConvWindow<R>& window, const std::string& x, const Value& weight, const std::string& bias,
                           const Dims<R>& output_padding) {
    auto attributes = window_attributes(window, kernel_of(weight), window.pad_before);
    attributes.push_back({"output_padding", list_of(output_padding)});
    return t.op("ConvTranspose", {x, weight.name, bias}, std::move(attributes));
}

}  // namespace detail

template <class Window>
std::string emit(Tracer& t, const ConvRule<Window>&, const Call& c) {
    constexpr auto window = Window::value;
    return detail::with_batch(t, c[0], ConvRule<Window>::rank, [&](const std::string& x) {
        return t.op("Conv", {x, c[1].name, c.size() > 2 ? c[2].name : ""}, detail::window_attributes(window, detail::kernel_of(c[1]), window.pad_after));
    });
}

template <class Window, bool Sized>
std::string emit(Tracer& t, const ConvTransposeRule<Window, Sized>&, const Call& c) {
    constexpr auto window = Window::value;
    constexpr std::size_t rank = ConvTransposeRule<Window, Sized>::rank, bias = Sized ? 3 : 2;
    Dims<rank> output_padding{};
    for (std::size_t i = 0; i < rank; ++i) {
        output_padding[i] = window.pad_before[i] - window.pad_after[i];
        if constexpr (Sized) {
            const index_t input = c[0].extents[c[0].rank() - rank + i], output = c.result.extents[c.result.rank() - rank + i];
            if (input == dyn || output == dyn) fail("onnx: conv_transpose", "an output size and an input that are known", "dyn");
            output_padding[i] = output - ((input - 1) * window.stride[i] - window.pad_before[i] - window.pad_after[i] +
                                          window.dilation[i] * (c[1].extents[i + 2] - 1) + 1);
        }
    }
    return detail::with_batch(t, c[0], rank, [&](const std::string& x) {
        return detail::conv_transpose(t, window, x, c[1], c.size() > bias ? c[bias].name : "", output_padding);
    });
}

namespace detail {

/// The weight of a convolution that copies each channel once for each place of its window.
inline Value copying_weight(Tracer& t, index_t channels, const Dims<2>& kernel, Dtype dtype) {
    const index_t places = product(kernel);
    std::vector<double> numbers(static_cast<std::size_t>(channels * places * places), 0);
    for (index_t i = 0; i < channels * places; ++i) numbers[static_cast<std::size_t>(i * places + i % places)] = 1;
    const std::vector<index_t> extents{channels * places, 1, kernel[0], kernel[1]};
    return {t.numbers(numbers, dtype, extents), dtype, extents, {}};
}
inline index_t known_channels(const char* operation, index_t channels) {
    if (channels == dyn) fail(operation, "a number of channels that is known", "dyn");
    return channels;
}

}  // namespace detail

template <class Window>
std::string emit(Tracer& t, const UnfoldRule<Window>&, const Call& c) {
    ConvWindow<2> window = Window::value;
    window.groups = detail::known_channels("onnx: unfold", c[0].extents[c[0].rank() - 3]);
    const auto weight = detail::copying_weight(t, window.groups, Window::kernel_size, c[0].dtype);
    return detail::with_batch(t, c[0], 2, [&](const std::string& x) {
        const auto patches = t.op("Conv", {x, weight.name}, detail::window_attributes(window, detail::kernel_of(weight), window.pad_after));
        return t.reshape(patches, {0, weight.extents[0], -1});
    });
}

template <class Window>
std::string emit(Tracer& t, const FoldRule<Window>&, const Call& c) {
    ConvWindow<2> window = Window::value;
    const index_t rows = detail::known_channels("onnx: fold", c[0].extents[c[0].rank() - 2]);
    window.groups = rows / product(Window::kernel_size);
    const auto weight = detail::copying_weight(t, window.groups, Window::kernel_size, c[0].dtype);
    Dims<2> places{}, output_padding{};
    for (std::size_t i = 0; i < 2; ++i) {
        const index_t span = window.dilation[i] * (Window::kernel_size[i] - 1) + 1;
        places[i] = (Window::output_size[i] + window.pad_before[i] + window.pad_after[i] - span) / window.stride[i] + 1;
        output_padding[i] = Window::output_size[i] - ((places[i] - 1) * window.stride[i] - window.pad_before[i] - window.pad_after[i] + span);
    }
    return detail::with_batch(t, c[0], 1, [&](const std::string& x) {
        return detail::conv_transpose(t, window, t.reshape(x, {0, rows, places[0], places[1]}), weight, "", output_padding);
    });
}

}  // namespace xnn::onnx
