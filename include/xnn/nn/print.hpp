// Modules as text, as PyTorch prints them.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "xnn/nn/attention.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/module_list.hpp"
#include "xnn/nn/print/activation.hpp"
#include "xnn/nn/print/containers.hpp"
#include "xnn/nn/print/convolution.hpp"
#include "xnn/nn/print/normalization.hpp"
#include "xnn/nn/print/pooling.hpp"
#include "xnn/nn/print/sequence.hpp"

namespace xnn::nn {

namespace detail {

template <index_t In, index_t Out, bool Bias, class T, class D>
std::string arguments(const Linear<In, Out, Bias, T, D>&) {
    return "in_features=" + std::to_string(In) + ", out_features=" + std::to_string(Out) + ", bias=" + flag(Bias);
}
inline std::string dropout_arguments(double p) { return "p=" + number(p) + ", inplace=False"; }
inline std::string arguments(const Dropout& dropout) { return dropout_arguments(dropout.p); }
inline std::string arguments(const Dropout1d& dropout) { return dropout_arguments(dropout.p); }
inline std::string arguments(const Dropout2d& dropout) { return dropout_arguments(dropout.p); }
template <index_t StartDim, index_t EndDim>
std::string arguments(const Flatten<StartDim, EndDim>&) {
    return "start_dim=" + std::to_string(StartDim) + ", end_dim=" + std::to_string(EndDim);
}
template <index_t Dim, class S>
std::string arguments(const Unflatten<Dim, S>&) { return "dim=" + std::to_string(Dim) + ", unflattened_size=" + tuple(S::static_extents); }

/// What stands between a module's parentheses besides its children: what it says itself, or the arguments of a layer.
template <class M>
std::string extra_repr(const M& module) {
    if constexpr (requires { std::string(module.extra_repr()); })
        return module.extra_repr();
    else if constexpr (requires { arguments(module); })
        return arguments(module);
    else
        return "";
}

template <class M>
inline constexpr bool is_attention = false;
template <index_t Width, index_t Heads, MultiheadAttentionOptions O, class T, class D>
inline constexpr bool is_attention<MultiheadAttention<Width, Heads, O, T, D>> = true;

/// What PyTorch calls a module's class.
template <class M>
std::string_view class_name() {
    if constexpr (std::same_as<M, GELUTanh>)
        return "GELU";
    else
        return plain_type_name<M>();
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
    visit_children(list, [&](const Path&, const auto& module) { modules.push_back(print(module)); });
    return parenthesised("ModuleList", "", list_lines(modules));
}
template <class... M>
std::string print(const ModuleList<M...>& list) { return print_list(list); }

template <class M>
std::string print(const M& module) {
    std::vector<std::string> children;
    visit_members(module, [&](std::string_view name, const auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        const std::string label = "(" + std::string(name) + "): ";
        if constexpr (is_attention<M> && AnyModule<Member>)
            children.push_back(label + "NonDynamicallyQuantizable" + print(member));  // what PyTorch calls the class of out_proj
        else if constexpr (AnyModule<Member>)
            children.push_back(label + print(member));
        else if constexpr (ModuleListMember<Member>)
            children.push_back(label + print_list(member));
    });
    return parenthesised(class_name<M>(), extra_repr(module), children);
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
