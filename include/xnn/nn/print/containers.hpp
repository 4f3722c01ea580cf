// Parameters in containers.
#pragma once

#include "xnn/nn/parameter_list.hpp"
#include "xnn/nn/print/text.hpp"

namespace xnn::nn::detail {

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

}  // namespace xnn::nn::detail
