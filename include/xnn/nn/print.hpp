// Modules as text, as PyTorch prints them.
#pragma once

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/fold.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/module_list.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/padding.hpp"
#include "xnn/nn/parameter_list.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/nn/rnn.hpp"
#include "xnn/nn/rnn_cell.hpp"
#include "xnn/nn/sparse.hpp"

namespace xnn::nn {

namespace detail {

inline std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.12g", value);
    return text;
}
inline std::string flag(bool value) { return value ? "True" : "False"; }
template <std::size_t Rank>
std::string sizes(Sizes all) {
    const auto dims = all.dims<Rank>();
    std::string text;
    for (index_t dim : dims) text += (text.empty() ? "" : ", ") + std::to_string(dim);
    return Rank == 1 ? "(" + text + ",)" : "(" + text + ")";
}

/// A layer's arguments.
template <class M>
std::string arguments(const M&) { return ""; }
template <index_t In, index_t Out, bool Bias, class T, class D>
std::string arguments(const Linear<In, Out, Bias, T, D>&) {
    return "in_features=" + std::to_string(In) + ", out_features=" + std::to_string(Out) + ", bias=" + flag(Bias);
}
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
template <index_t N, BatchNormOptions O>
std::string batch_norm_arguments(double eps, std::optional<double> momentum) {
    return std::to_string(N) + ", eps=" + number(eps) + ", momentum=" + (momentum ? number(*momentum) : "None") + ", affine=" + flag(O.affine) +
           ", track_running_stats=" + flag(O.track_running_stats);
}
template <index_t N, BatchNormOptions O, class T, class D>
std::string arguments(const BatchNorm1d<N, O, T, D>& norm) { return batch_norm_arguments<N, O>(norm.eps, norm.momentum); }
template <index_t N, BatchNormOptions O, class T, class D>
std::string arguments(const BatchNorm2d<N, O, T, D>& norm) { return batch_norm_arguments<N, O>(norm.eps, norm.momentum); }
template <index_t N, BatchNormOptions O, class T, class D>
std::string arguments(const BatchNorm3d<N, O, T, D>& norm) { return batch_norm_arguments<N, O>(norm.eps, norm.momentum); }
template <index_t Groups, index_t N, bool Affine, class T, class D>
std::string arguments(const GroupNorm<Groups, N, Affine, T, D>& norm) {
    return std::to_string(Groups) + ", " + std::to_string(N) + ", eps=" + number(norm.eps) + ", affine=" + flag(Affine);
}
template <class S, LayerNormOptions O, class T, class D>
std::string arguments(const LayerNorm<S, O, T, D>& norm) {
    std::string shape;
    for (index_t extent : S::static_extents) shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
    return "(" + shape + (S::rank == 1 ? ",)" : ")") + ", eps=" + number(norm.eps) + ", elementwise_affine=" + flag(O.elementwise_affine);
}
template <class Table>
std::string embedding_arguments(const Table& table, bool sparse) {
    const auto extents = table.weight.shape().extents();
    const auto& options = table.options;
    return std::to_string(extents[0]) + ", " + std::to_string(extents[1]) +
           (table.padding_idx >= 0 ? ", padding_idx=" + std::to_string(table.padding_idx) : "") +
           (options.max_norm ? ", max_norm=" + number(*options.max_norm) : "") + (options.norm_type != 2 ? ", norm_type=" + number(options.norm_type) : "") +
           (options.scale_grad_by_freq ? ", scale_grad_by_freq=True" : "") + (sparse ? ", sparse=True" : "");
}
template <index_t N, index_t Width, EmbeddingRows Rows, class T, class D>
std::string arguments(const Embedding<N, Width, Rows, T, D>& table) { return embedding_arguments(table, Rows.sparse); }
template <index_t N, index_t Width, EmbeddingBagOptions O, class T, class D>
std::string arguments(const EmbeddingBag<N, Width, O, T, D>& table) {
    constexpr const char* modes[] = {"sum", "mean", "max"};
    return embedding_arguments(table, O.sparse) + ", mode='" + modes[static_cast<int>(O.mode)] + "'";
}
/// A size as it was given: one number for all dimensions, or one for each.
inline std::string given(Sizes size) {
    return size.count == 1 ? std::to_string(size.first) : size.count == 2 ? sizes<2>(size) : sizes<3>(size);
}
template <Sizes K, MaxPoolOptions O>
std::string max_pool_arguments() {
    return "kernel_size=" + given(K) + ", stride=" + given(O.stride == Sizes(0) ? K : O.stride) + ", padding=" + given(O.padding) +
           ", dilation=" + given(O.dilation) + ", ceil_mode=" + flag(O.ceil_mode);
}
template <Sizes K, AvgPoolOptions O>
std::string avg_pool_arguments() {
    return "kernel_size=" + given(K) + ", stride=" + given(O.stride == Sizes(0) ? K : O.stride) + ", padding=" + given(O.padding);
}
template <Sizes K, MaxPoolOptions O>
std::string arguments(const MaxPool1d<K, O>&) { return max_pool_arguments<K, O>(); }
template <Sizes K, MaxPoolOptions O>
std::string arguments(const MaxPool2d<K, O>&) { return max_pool_arguments<K, O>(); }
template <Sizes K, MaxPoolOptions O>
std::string arguments(const MaxPool3d<K, O>&) { return max_pool_arguments<K, O>(); }
template <Sizes K, AvgPoolOptions O>
std::string arguments(const AvgPool1d<K, O>&) { return avg_pool_arguments<K, O>(); }
template <Sizes K, AvgPoolOptions O>
std::string arguments(const AvgPool2d<K, O>&) { return avg_pool_arguments<K, O>(); }
template <Sizes K, AvgPoolOptions O>
std::string arguments(const AvgPool3d<K, O>&) { return avg_pool_arguments<K, O>(); }
template <Sizes K, UnfoldOptions O>
std::string arguments(const Unfold<K, O>&) {
    return "kernel_size=" + given(K) + ", dilation=" + given(O.dilation) + ", padding=" + given(O.padding) + ", stride=" + given(O.stride);
}
template <Sizes Output, Sizes K, FoldOptions O>
std::string arguments(const Fold<Output, K, O>&) {
    return "output_size=" + given(Output) + ", kernel_size=" + given(K) + ", dilation=" + given(O.dilation) + ", padding=" + given(O.padding) +
           ", stride=" + given(O.stride);
}
[[gnu::cold, gnu::noinline]] inline std::string rnn_arguments(const RnnSpec& spec, double dropout) {
    std::string text = std::to_string(spec.input_size) + ", " + std::to_string(spec.hidden_size);
    if (spec.proj_size != 0) text += ", proj_size=" + std::to_string(spec.proj_size);
    if (spec.num_layers != 1) text += ", num_layers=" + std::to_string(spec.num_layers);
    if (!spec.bias) text += ", bias=False";
    if (spec.batch_first) text += ", batch_first=True";
    if (dropout != 0) text += ", dropout=" + number(dropout);
    if (spec.bidirectional) text += ", bidirectional=True";
    if (spec.single_step && spec.mode == RnnMode::relu) text += ", nonlinearity=relu";
    return text;
}
template <class M>
    requires requires { M::spec.single_step; }
std::string arguments(const M& layer) {
    if constexpr (M::spec.single_step)
        return rnn_arguments(M::spec, 0);
    else
        return rnn_arguments(M::spec, layer.dropout);
}
inline std::string arguments(const Dropout& dropout) { return "p=" + number(dropout.p); }
inline std::string arguments(const Dropout2d& dropout) { return "p=" + number(dropout.p); }

/// A parameter in a list or dictionary; PyTorch calls its dtype by one name in lists, and by an older one in dictionaries.
template <class T, class S, class D>
std::string parameter_line(std::string_view name, const Parameter<T, S, D>& parameter, std::string_view dtype) {
    std::string size;
    for (index_t extent : parameter.shape().extents()) size += (size.empty() ? "" : "x") + std::to_string(extent);
    return "  (" + std::string(name) + "): Parameter containing: [torch." + std::string(dtype) + " of size " + size + "]\n";
}
template <class P>
std::string arguments(const ParameterList<P>& list) {
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i)
        text += parameter_line(std::to_string(i), list[static_cast<index_t>(i)], name_of(dtype_of<typename P::value_type>));
    return text;
}
template <class P>
std::string arguments(const ParameterDict<P>& dictionary) {
    constexpr std::string_view tensors[] = {"HalfTensor", "BFloat16Tensor", "FloatTensor", "DoubleTensor"};
    std::string text;
    for (const auto& [name, parameter] : dictionary)
        text += parameter_line(name, parameter, tensors[static_cast<std::size_t>(dtype_of<typename P::value_type>)]);
    return text;
}

/// A list's modules, equal neighbours as one line: "(0-3): 4 x ReLU()".
inline std::vector<std::string> list_lines(const std::vector<std::string>& modules) {
    std::vector<std::string> lines;
    for (std::size_t first = 0, end = 0; first < modules.size(); first = end) {
        while (end < modules.size() && modules[end] == modules[first]) ++end;
        lines.push_back(end == first + 1 ? "(" + std::to_string(first) + "): " + modules[first]
                                         : "(" + std::to_string(first) + "-" + std::to_string(end - 1) + "): " + std::to_string(end - first) +
                                               " x " + modules[first]);
    }
    return lines;
}

/// A name, and between parentheses what belongs to it: on lines of their own, unless it is one line of arguments.
inline std::string parenthesised(std::string_view name, std::string_view arguments, const std::vector<std::string>& children) {
    std::vector<std::string_view> lines;
    for (std::size_t end = 0; !arguments.empty(); arguments.remove_prefix(std::min(end + 1, arguments.size()))) {
        end = std::min(arguments.find('\n'), arguments.size());
        lines.push_back(arguments.substr(0, end));
    }
    std::string text = std::string(name) + "(";
    if (children.empty() && lines.size() <= 1) return text + (lines.empty() ? "" : std::string(lines[0])) + ")";
    lines.insert(lines.end(), children.begin(), children.end());
    for (const auto line : lines) {
        text += "\n  ";
        for (char c : line) text += c == '\n' ? "\n  " : std::string(1, c);
    }
    return text + "\n)";
}

template <class M>
std::string print(const M& module);
template <class List>
std::string print_list(const List& list) {
    std::vector<std::string> modules;
    for (const auto& module : list) modules.push_back(print(module));
    return parenthesised("ModuleList", "", list_lines(modules));
}
template <class M>
std::string print(const ModuleList<M>& list) { return print_list(list); }

template <class M>
std::string print(const M& module) {
    std::vector<std::string> children;
    visit_members(module, [&](std::string_view name, const auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        const std::string label = "(" + std::string(name) + "): ";
        if constexpr (AnyModule<Member>)
            children.push_back(label + print(member));
        else if constexpr (ModuleListMember<Member>)
            children.push_back(label + print_list(member));
    });
    return parenthesised(plain_type_name<M>(), arguments(module), children);
}

}  // namespace detail

/// A module as PyTorch prints it: its layers with their names and arguments.
template <AnyModule M>
std::string to_string(const M& module) {
    return detail::print(module);
}

/// The same in a stream: `std::cout << model`.
template <AnyModule M>
std::ostream& operator<<(std::ostream& out, const M& module) {
    return out << to_string(module);
}

}  // namespace xnn::nn
