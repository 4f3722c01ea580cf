// Convolutions over one to three dimensions, and transposed ones.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
#pragma once

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/conv.hpp"
#include "xnn/expr/apply.hpp"
#include "xnn/expr/functors/piecewise.hpp"

namespace xnn {

/// How a convolution's window moves: PyTorch's arguments and defaults, for each dimension.
template <std::size_t Rank>
struct ConvWindow {
    Dims<Rank> stride;
    Dims<Rank> pad_before;
    Dims<Rank> pad_after;
    Dims<Rank> dilation;
    index_t groups = 1;

    /// The geometry of this window over an array of extents [batch, channels, d…], with the kernel [*, *, k…].
    constexpr ConvGeometry geometry(const Dims<Rank + 2>& x, index_t out_channels, const Dims<Rank + 2>& w) const {
        Dims<Rank> input{}, kernel{};
        std::copy(x.begin() + 2, x.end(), input.begin());
        std::copy(w.begin() + 2, w.end(), kernel.begin());
        return {.batch = x[0],
                .in_channels = x[1],
                .out_channels = out_channels,
                .groups = groups,
                .input = three_dims(input, 1),
                .kernel = three_dims(kernel, 1),
                .stride = three_dims(stride, 1),
                .dilation = three_dims(dilation, 1),
                .pad_before = three_dims(pad_before, 0),
                .pad_after = three_dims(pad_after, 0)};
    }
};

namespace detail {
/// The data of a bias, if there is one.
template <class T>
const T* bias_data() { return nullptr; }
template <class T>
const T* bias_data(auto bias) { return bias.data; }

/// The target of the gradient of a bias, if there is one: argument I.
template <std::size_t I, class T, class... Targets>
Target<T> bias_target(const Tuple<Targets...>& targets) {
    if constexpr (sizeof...(Targets) > I)
        return get<I>(targets);
    else
        return {};
}
}  // namespace detail

/// What the nodes of convolutions do. The window is a value, for a network has several and compiles one node. Grouped says
/// whether there may be more than one group.
template <std::size_t Rank, bool Grouped>
struct ConvWork {
    static constexpr bool takes_activation = true;
    ConvWindow<Rank> window;
    DerivedMemory* derived = nullptr;  // of a weight that is a constant
    kernels::Activation activation = kernels::Activation::none;

    constexpr void apply_in_kernel(functors::Relu) { activation = kernels::Activation::relu; }

    NothingSaved forward(auto&, auto y, auto x, auto w, auto... bias) const {
        using T = typename decltype(y)::value_type;
        using Device = typename decltype(y)::device;
        const auto run = [&](auto... rest) { conv_forward<Grouped>(Device{}, geometry(x, w), x.data, w.data, detail::bias_data<T>(bias...), y.data, activation, rest...); };
        if constexpr (std::same_as<Device, Cpu>)
            run(false, derived);
        else
            run();
        return {};
    }

    template <class T, class... Targets>
    void backward(auto&, NothingSaved, const Tuple<Targets...>& targets, const T* gy, const T*, auto x, auto w, auto...) const {
        constexpr typename decltype(x)::device device;
        const auto g = geometry(x, w);
        const auto gx = get<0>(targets);
        const auto gw = get<1>(targets);
        const auto gb = detail::bias_target<2, T>(targets);
        const bool together = gw && gb && gw.accumulate == gb.accumulate;
        if (gw) conv_backward_weight<Grouped>(device, g, x.data, gy, gw.data, together ? gb.data : nullptr, gw.accumulate);
        if (gb && !together) conv_backward_bias(device, g, gy, gb.data, gb.accumulate);
        if (gx) conv_backward_data<Grouped>(device, g, gy, w.data, gx.data, gx.accumulate);
    }

private:
    ConvGeometry geometry(auto x, auto w) const {
        const auto weight = w.shape.extents();
        return window.geometry(with_batch<Rank + 2>(x.shape.extents()), weight[0], weight);
    }
};

/// x [batch, in, d…], weight [out, in / groups, k…], optionally bias [out] → [batch, out, d'…]. The batch may be absent.
/// Window is a type whose static member `value` is the ConvWindow. `derived` is where a weight that is a constant keeps
/// other forms of itself, or null.
template <class Window>
struct ConvRule {
    static constexpr std::string_view name = "conv";
    static constexpr auto window = Window::value;
    static constexpr std::size_t rank = window.stride.size();
    static constexpr bool takes_activation = true;

    DerivedMemory* derived = nullptr;

    constexpr ConvWork<rank, (window.groups > 1)> work() const { return {.window = window, .derived = derived}; }

    static constexpr ConvGeometry geometry(const auto& x, const Dims<rank + 2>& w) { return window.geometry(with_batch<rank + 2>(x), w[0], w); }

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x, const Dims<rank + 2>& w, const auto&...) {
        const Dims<3> output = geometry(x, w).output();
        x[R - rank - 1] = w[0];
        for (std::size_t i = 0; i < rank; ++i)
            if (index_t& extent = x[R - rank + i]; extent != dyn) extent = output[3 - rank + i];
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const Dims<rank + 2>& w, const auto&... bias) {
        if constexpr (R != rank + 1 && R != rank + 2) {
            return false;
        } else {
            if (!fits(x[R - rank - 1], w[1] * window.groups) || !(fits(bias, Dims<1>{w[0]}) && ...)) return false;
            for (std::size_t i = 0; i < rank; ++i) {
                const index_t extent = x[R - rank + i], span = window.dilation[i] * (w[i + 2] - 1) + 1;
                if (extent != dyn && extent + window.pad_before[i] + window.pad_after[i] < span) return false;
            }
            return true;
        }
    }
    static constexpr index_t flops(const auto& x, const auto& w, const auto&...) {
        return static_cast<index_t>(geometry(x, w).operations());
    }
};

/// x [batch, in, d…], weight [in, out / groups, k…], optionally bias [out] → [batch, out, d'…], with
/// d' = (d - 1) stride - padding + dilation (k - 1) + output_padding + 1. The batch may be absent.
/// Window is a type whose static member `value` is the ConvWindow of the convolution that this is the gradient of: its
/// pad_after is what is left of the padding by the output padding. If Sized, an array stands behind the weight whose last
/// extents are d', less than a stride above what they are without an output padding; its elements are not read.
template <class Window, bool Sized = false>
struct ConvTransposeRule {
    static constexpr std::string_view name = "conv_transpose";
    static constexpr bool takes_activation = true;
    static constexpr auto window = Window::value;
    static constexpr std::size_t rank = window.stride.size();

    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x, const Dims<rank + 2>& w, const auto&... rest) {
        Dims<rank> result = least_output(last_extents<rank>(x), w);
        if constexpr (Sized) result = output_size(rest...);
        x[R - rank - 1] = w[1] * window.groups;
        std::copy(result.begin(), result.end(), x.end() - rank);
        return x;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const Dims<rank + 2>& w, const auto&... rest) {
        if constexpr (R != rank + 1 && R != rank + 2) {
            return false;
        } else {
            if (!fits(x[R - rank - 1], w[0]) || w[0] % window.groups != 0 || !rest_fits<R>(w, rest...)) return false;
            const Dims<rank> input = last_extents<rank>(x), least = least_output(input, w), output = last_extents<rank>(extents(x, w, rest...));
            for (std::size_t i = 0; i < rank; ++i) {
                if (input[i] == dyn || output[i] == dyn) continue;
                if (input[i] < 1 || output[i] < 1 || output[i] < least[i] || (Sized && output[i] >= least[i] + window.stride[i])) return false;
            }
            return true;
        }
    }
    static constexpr index_t flops(const auto& x, const auto& w, const auto&... rest) {
        return static_cast<index_t>(geometry(x, w, rest...).operations());
    }

    NothingSaved forward(auto&, auto y, auto x, auto w, auto... rest) const {
        using T = typename decltype(y)::value_type;
        conv_transpose_forward(typename decltype(y)::device{}, geometry(x.shape.extents(), w.shape.extents(), rest.shape.extents()...),
                                        x.data, w.data, bias_data<T>(rest...), y.data);
        return {};
    }

    template <class T, class... Targets>
    void backward(auto&, NothingSaved, const Tuple<Targets...>& targets, const T* gy, const T*, auto x, auto w, auto... rest) const {
        constexpr typename decltype(x)::device device;
        const auto g = geometry(x.shape.extents(), w.shape.extents(), rest.shape.extents()...);
        const auto gx = get<0>(targets);
        const auto gw = get<1>(targets);
        const auto gb = detail::bias_target<Sized ? 3 : 2, T>(targets);
        if (gw) conv_backward_weight(device, g, gy, x.data, gw.data, static_cast<T*>(nullptr), gw.accumulate);
        if (gb) conv_transpose_backward_bias(device, g, gy, gb.data, gb.accumulate);
        if (gx)
            conv_forward(device, g, gy, w.data, static_cast<const T*>(nullptr), gx.data, kernels::Activation::none, gx.accumulate);
    }

private:
    /// Of the convolution from the result to x.
    static constexpr ConvGeometry geometry(const auto& x, const Dims<rank + 2>& w, const auto&... rest) {
        ConvGeometry g = window.geometry(with_batch<rank + 2>(extents(x, w, rest...)), w[0], w);
        if constexpr (Sized) {
            const Dims<rank> input = last_extents<rank>(x), least = least_output(input, w);
            for (std::size_t i = 3 - rank; i < 3; ++i) g.pad_after[i] -= g.input[i] - least[i + rank - 3];
        }
        return g;
    }
    /// Without an output padding beyond the window's.
    static constexpr Dims<rank> least_output(Dims<rank> input, const Dims<rank + 2>& w) {
        for (std::size_t i = 0; i < rank; ++i)
            input[i] = map_extent(input[i], [&](index_t extent) {
                return (extent - 1) * window.stride[i] - window.pad_before[i] - window.pad_after[i] + window.dilation[i] * (w[i + 2] - 1) + 1;
            });
        return input;
    }
    template <std::size_t S>
    static constexpr Dims<rank> output_size(const Dims<S>& size, const auto&...) { return last_extents<rank>(size); }

    template <std::size_t R>
    static constexpr bool rest_fits(const Dims<rank + 2>& w, const auto&... bias)
        requires(!Sized)
    {
        return (fits(bias, Dims<1>{w[1] * window.groups}) && ...);
    }
    template <std::size_t R, std::size_t S>
    static constexpr bool rest_fits(const Dims<rank + 2>& w, const Dims<S>&, const auto&... bias)
        requires Sized
    {
        return (S == rank || S == R) && (fits(bias, Dims<1>{w[1] * window.groups}) && ...);
    }
    template <class T>
    static const T* bias_data(auto... rest) {
        if constexpr (Sized)
            return [](auto, auto... bias) { return detail::bias_data<T>(bias...); }(rest...);
        else
            return detail::bias_data<T>(rest...);
    }
};

}  // namespace xnn
