// Arguments of convolutions, paddings and patches.
#pragma once

#include "xnn/nn/conv.hpp"
#include "xnn/nn/fold.hpp"
#include "xnn/nn/padding.hpp"
#include "xnn/nn/print/text.hpp"

namespace xnn::nn::detail {

template <std::size_t Rank, index_t In, index_t Out, Sizes K, ConvOptions O>
std::string conv_arguments() {
    std::string text = std::to_string(In) + ", " + std::to_string(Out) + ", kernel_size=" + sizes<Rank>(K) + ", stride=" + sizes<Rank>(O.stride);
    if (O.padding == same)
        text += ", padding=same";
    else if (sizes<Rank>(O.padding) != sizes<Rank>(0))
        text += ", padding=" + sizes<Rank>(O.padding);
    if (sizes<Rank>(O.dilation) != sizes<Rank>(1)) text += ", dilation=" + sizes<Rank>(O.dilation);
    if (O.groups != 1) text += ", groups=" + std::to_string(O.groups);
    if (!O.bias) text += ", bias=False";
    constexpr std::string_view modes[] = {"zeros", "reflect", "replicate", "circular"};
    if (O.padding_mode != PaddingMode::zeros) text += ", padding_mode=" + std::string(modes[static_cast<std::size_t>(O.padding_mode)]);
    return text;
}
template <index_t In, index_t Out, Sizes K, ConvOptions O, class T, class D>
std::string arguments(const Conv1d<In, Out, K, O, T, D>&) { return conv_arguments<1, In, Out, K, O>(); }
template <index_t In, index_t Out, Sizes K, ConvOptions O, class T, class D>
std::string arguments(const Conv2d<In, Out, K, O, T, D>&) { return conv_arguments<2, In, Out, K, O>(); }
template <index_t In, index_t Out, Sizes K, ConvOptions O, class T, class D>
std::string arguments(const Conv3d<In, Out, K, O, T, D>&) { return conv_arguments<3, In, Out, K, O>(); }
template <std::size_t Rank, index_t In, index_t Out, Sizes K, ConvTransposeOptions O>
std::string conv_transpose_arguments() {
    std::string text = std::to_string(In) + ", " + std::to_string(Out) + ", kernel_size=" + sizes<Rank>(K) + ", stride=" + sizes<Rank>(O.stride);
    if (sizes<Rank>(O.padding) != sizes<Rank>(0)) text += ", padding=" + sizes<Rank>(O.padding);
    if (sizes<Rank>(O.dilation) != sizes<Rank>(1)) text += ", dilation=" + sizes<Rank>(O.dilation);
    if (sizes<Rank>(O.output_padding) != sizes<Rank>(0)) text += ", output_padding=" + sizes<Rank>(O.output_padding);
    if (O.groups != 1) text += ", groups=" + std::to_string(O.groups);
    return O.bias ? text : text + ", bias=False";
}
template <index_t In, index_t Out, Sizes K, ConvTransposeOptions O, class T, class D>
std::string arguments(const ConvTranspose1d<In, Out, K, O, T, D>&) { return conv_transpose_arguments<1, In, Out, K, O>(); }
template <index_t In, index_t Out, Sizes K, ConvTransposeOptions O, class T, class D>
std::string arguments(const ConvTranspose2d<In, Out, K, O, T, D>&) { return conv_transpose_arguments<2, In, Out, K, O>(); }
template <index_t In, index_t Out, Sizes K, ConvTransposeOptions O, class T, class D>
std::string arguments(const ConvTranspose3d<In, Out, K, O, T, D>&) { return conv_transpose_arguments<3, In, Out, K, O>(); }
/// A padding layer: how much, in PyTorch's order.
template <std::size_t Rank>
std::string amounts(Pads pads) {
    const auto before = pads.before<Rank>(), after = pads.after<Rank>();
    std::string text;
    for (std::size_t i = Rank; i-- > 0;) text += (text.empty() ? "" : ", ") + std::to_string(before[i]) + ", " + std::to_string(after[i]);
    return "(" + text + ")";
}
template <class Self, std::size_t Rank, Pads Padding, PaddingMode Mode>
std::string pad_arguments(const PadLayer<Self, Rank, Padding, Mode>& layer) {
    if constexpr (requires { static_cast<const Self&>(layer).value; })
        return "padding=" + amounts<Rank>(Padding) + ", value=" + number(static_cast<const Self&>(layer).value);
    else
        return amounts<Rank>(Padding);
}
template <class Layer>
    requires requires(const Layer& layer) { pad_arguments(layer); }
std::string arguments(const Layer& layer) { return pad_arguments(layer); }
template <Sizes K, UnfoldOptions O>
std::string arguments(const Unfold<K, O>&) {
    return "kernel_size=" + given(K) + ", dilation=" + given(O.dilation) + ", padding=" + given(O.padding) + ", stride=" + given(O.stride);
}
template <Sizes Output, Sizes K, FoldOptions O>
std::string arguments(const Fold<Output, K, O>&) {
    return "output_size=" + given(Output) + ", kernel_size=" + given(K) + ", dilation=" + given(O.dilation) + ", padding=" + given(O.padding) +
           ", stride=" + given(O.stride);
}

}  // namespace xnn::nn::detail
