// Parameters in containers. https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html,
// https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
#pragma once

#include "xnn/nn/dictionary.hpp"
#include "xnn/nn/list.hpp"

namespace xnn::nn {

/// Parameters of one type, as many as the program says, named "0", "1", …: `ParameterList<Parameter<float, Shape<3>>>`.
template <class P>
    requires detail::is_parameter<P>
struct ParameterList : Module<ParameterList<P>>, List<ParameterList<P>, P> {
    static constexpr std::string_view container = "ParameterList";
    using List<ParameterList, P>::List;
};

/// Parameters of one type under names that the program chooses.
template <class P>
    requires detail::is_parameter<P>
struct ParameterDict : Module<ParameterDict<P>>, Dictionary<ParameterDict<P>, P> {
    static constexpr std::string_view container = "ParameterDict";
};

}  // namespace xnn::nn
