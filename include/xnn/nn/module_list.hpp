// Lists of modules that a forward calls as it likes.
// https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
#pragma once

#include <utility>

#include "xnn/nn/containers.hpp"
#include "xnn/nn/list.hpp"

namespace xnn::nn {

/// `ModuleList<Block>`: modules of one type, as many as the program says, named "0", "1", …. A forward sends its input
/// through them with `through_blocks(blocks, x, call)`.
/// `ModuleList<Linear<4, 8>, ReLU, Linear<8, 2>>`: modules of several types: `list.get<1>()`.
template <class... Modules>
struct ModuleList : Module<ModuleList<Modules...>> {
    Tuple<Modules...> modules;

    static constexpr std::size_t size = sizeof...(Modules);

    ModuleList()
        requires(std::default_initializable<Modules> && ...)
    {}
    explicit ModuleList(Modules... module)
        requires(sizeof...(Modules) > 0)
        : modules{std::move(module)...} {}

    template <std::size_t I>
    constexpr auto& get() { return xnn::get<I>(modules); }
    template <std::size_t I>
    constexpr const auto& get() const { return xnn::get<I>(modules); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        for_each_index<size>([&](auto i) { f(detail::Number<i>::view, xnn::get<i>(self.modules)); });
    }
};

template <AnyModule M>
struct ModuleList<M> : Module<ModuleList<M>>, List<ModuleList<M>, M> {
    static constexpr std::string_view container = "ModuleList";
    using List<ModuleList, M>::List;
};

/// x through call(list[i], i, x) for each i, as through_blocks() with an array: each module must give the shape and dtype
/// that it takes. Throws Error for an empty list. While costs are counted only the first module is: the type of a list does
/// not say how many there are.
template <AnyModule M, class X, class Call>
constexpr auto through_blocks(const ModuleList<M>& list, X x, const Call& call) {
    if (list.size() == 0) fail("through_blocks", "a list of at least one module", "an empty one");
    auto first = call(list[0], std::size_t{0}, detail::named(std::move(x)));
    if constexpr (is_meta<X> || is_invalid<decltype(first)>) {
        return first;
    } else {
        auto h = detail::named(std::move(first));
        static_assert(std::same_as<decltype(h), decltype(detail::named(call(list[0], std::size_t{0}, h)))>,
                      "through_blocks: a module that gives another shape or dtype than it takes");
        for (std::size_t i = 1; i < list.size(); ++i) h = detail::named(call(list[static_cast<index_t>(i)], i, decltype(h)(h)));
        return h;
    }
}

}  // namespace xnn::nn
