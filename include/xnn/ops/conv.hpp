// Convolutions over one to three dimensions. https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
#pragma once

#include "xnn/core/conv_geometry.hpp"
#include "xnn/cpu/conv.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// How a convolution's window moves: PyTorch's arguments and defaults, for each dimension.
template <std::size_t Rank>
struct ConvWindow {
    Dims<Rank> stride;
    Dims<Rank> pad_before;
    Dims<Rank> pad_after;
    Dims<Rank> dilation;
    index_t groups;
};

/// x [batch, in, d…], weight [out, in / groups, k…], optionally bias [out] → [batch, out, d'…].
/// Window is a type whose static member `value` is the ConvWindow.
template <class Window>
struct ConvRule {
    static constexpr std::string_view name = "conv";
    static constexpr auto window = Window::value;
    static constexpr std::size_t rank = window.stride.size();

    static constexpr ConvGeometry geometry(const Dims<rank + 2>& x, const Dims<rank + 2>& w) {
        Dims<rank> input{}, kernel{};
        std::copy(x.begin() + 2, x.end(), input.begin());
        std::copy(w.begin() + 2, w.end(), kernel.begin());
        return {.batch = x[0],
                .in_channels = x[1],
                .out_channels = w[0],
                .groups = window.groups,
                .input = three_dims(input, 1),
                .kernel = three_dims(kernel, 1),
                .stride = three_dims(window.stride, 1),
                .dilation = three_dims(window.dilation, 1),
                .pad_before = three_dims(window.pad_before, 0),
                .pad_after = three_dims(window.pad_after, 0)};
    }

    static constexpr Dims<rank + 2> extents(const Dims<rank + 2>& x, const Dims<rank + 2>& w, const auto&...) {
        const Dims<3> output = geometry(x, w).output();
        Dims<rank + 2> result{x[0], w[0]};
        for (std::size_t i = 0; i < rank; ++i) result[i + 2] = x[i + 2] == dyn ? dyn : output[3 - rank + i];
        return result;
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const Dims<rank + 2>& w, const auto&... bias) {
        if constexpr (R != rank + 2) {
            return false;
        } else {
            if (!fits(x[1], w[1] * window.groups) || !(fits(bias, Dims<1>{w[0]}) && ...)) return false;
            for (std::size_t i = 0; i < rank; ++i) {
                const index_t span = window.dilation[i] * (w[i + 2] - 1) + 1;
                if (x[i + 2] != dyn && x[i + 2] + window.pad_before[i] + window.pad_after[i] < span) return false;
            }
            return true;
        }
    }
    static constexpr index_t flops(const auto& x, const auto& w, const auto&...) {
        return static_cast<index_t>(geometry(x, w).operations());
    }

    NothingSaved forward(auto&, auto y, auto x, auto w, auto... bias) const {
        const typename decltype(y)::value_type* b = nullptr;
        ((b = bias.data), ...);
        kernels::conv_forward(typename decltype(y)::device{}, geometry(x.shape.extents(), w.shape.extents()), x.data, w.data, b, y.data);
        return {};
    }

    template <class T, class... Targets>
    void backward(auto&, NothingSaved, const Tuple<Targets...>& targets, const T* gy, const T*, auto x, auto w, auto...) const {
        constexpr typename decltype(x)::device device;
        const auto g = geometry(x.shape.extents(), w.shape.extents());
        const auto gx = get<0>(targets);
        const auto gw = get<1>(targets);
        Target<T> gb{};
        if constexpr (sizeof...(Targets) == 3) gb = get<2>(targets);
        const bool together = gw && gb && gw.accumulate == gb.accumulate;
        if (gw) kernels::conv_backward_weight(device, g, x.data, gy, gw.data, together ? gb.data : nullptr, gw.accumulate);
        if (gb && !together) kernels::conv_backward_bias(device, g, gy, gb.data, gb.accumulate);
        if (gx) kernels::conv_backward_data(device, g, gy, w.data, gx.data, gx.accumulate);
    }
};

}  // namespace xnn
