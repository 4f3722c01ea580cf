// Modules by name. https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
#pragma once

#include "xnn/nn/containers.hpp"
#include "xnn/nn/dictionary.hpp"

namespace xnn::nn {

/// `ModuleDict<Linear<4, 4>>`: modules of one type under names that the program chooses while it runs.
/// `ModuleDict<Named<"conv", Conv2d<…>>, Named<"pool", MaxPool2d<3>>>`: modules of several types, which
/// `choices.get<"conv">()` names.
template <class... Entries>
struct ModuleDict;

template <AnyModule M>
struct ModuleDict<M> : Module<ModuleDict<M>>, Dictionary<ModuleDict<M>, M> {
    static constexpr std::string_view container = "ModuleDict";
};

template <Name... Labels, class... Modules>
struct ModuleDict<Named<Labels, Modules>...> : Module<ModuleDict<Named<Labels, Modules>...>> {
    Tuple<Modules...> modules;

    static constexpr std::size_t size = sizeof...(Modules);
    static constexpr std::array<std::string_view, size> names{Labels.view()...};

    static_assert(detail::all_differ(names), "ModuleDict: two modules of one name");

    ModuleDict()
        requires(std::default_initializable<Modules> && ...)
    {}
    explicit ModuleDict(Modules... module)
        requires(sizeof...(Modules) > 0)
        : modules{std::move(module)...} {}

    template <Name Label>
    constexpr auto& get() { return xnn::get<place<Label>()>(modules); }
    template <Name Label>
    constexpr const auto& get() const { return xnn::get<place<Label>()>(modules); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        for_each_index<size>([&](auto i) { f(names[i], xnn::get<i>(self.modules)); });
    }

private:
    template <Name Label>
    static constexpr std::size_t place() {
        constexpr std::size_t result = detail::place_of(names, Label.view());
        static_assert(result < size, "ModuleDict::get: there is no module of this name");
        return result;
    }
};

}  // namespace xnn::nn
