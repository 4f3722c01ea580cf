// Parameters in containers. https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html,
// https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
#pragma once

#include <initializer_list>

#include "xnn/nn/dictionary.hpp"
#include "xnn/nn/module_list.hpp"

namespace xnn::nn {

/// Parameters of one type, as many as the program says, named "0", "1", …: `ParameterList<Parameter<float, Shape<3>>>`.
template <class P>
    requires detail::is_parameter<P>
struct ParameterList : Module<ParameterList<P>> {
    ParameterList() = default;
    explicit ParameterList(std::size_t size) : parameters_(size) {}
    ParameterList(std::initializer_list<P> parameters) : parameters_(parameters) {}

    ParameterList& append(P parameter) {
        parameters_.push_back(std::move(parameter));
        return *this;
    }
    std::size_t size() const { return parameters_.size(); }
    /// A negative place counts from the end. Throws Error for a place outside the list.
    P& operator[](index_t place) { return parameters_[detail::place_in("ParameterList", size(), place)]; }
    const P& operator[](index_t place) const { return parameters_[detail::place_in("ParameterList", size(), place)]; }
    auto begin() { return parameters_.begin(); }
    auto end() { return parameters_.end(); }
    auto begin() const { return parameters_.begin(); }
    auto end() const { return parameters_.end(); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { f("", self.parameters_); }

private:
    std::vector<P> parameters_;
};

/// Parameters of one type under names that the program chooses.
template <class P>
    requires detail::is_parameter<P>
struct ParameterDict : Module<ParameterDict<P>>, Dictionary<ParameterDict<P>, P> {
    static constexpr std::string_view container = "ParameterDict";
};

}  // namespace xnn::nn
