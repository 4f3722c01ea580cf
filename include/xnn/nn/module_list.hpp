// Lists of modules that a forward calls as it likes.
// https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include "xnn/nn/containers.hpp"

namespace xnn::nn {

namespace detail {
/// A place in a list of this size; a negative one counts from the end. Throws Error outside it.
[[gnu::cold]] inline std::size_t place_in(std::string_view list, std::size_t size, index_t place, bool may_be_end = false) {
    const auto count = static_cast<index_t>(size);
    const index_t from_start = place < 0 ? place + count : place;
    if (from_start < 0 || from_start >= count + (may_be_end ? 1 : 0))
        fail(list, "a place in a list of " + std::to_string(size), std::to_string(place));
    return static_cast<std::size_t>(from_start);
}
}  // namespace detail

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
struct ModuleList<M> : Module<ModuleList<M>> {
    ModuleList() = default;
    /// As many modules, each made without arguments.
    explicit ModuleList(std::size_t size)
        requires std::default_initializable<M>
        : modules_(size) {}
    ModuleList(std::initializer_list<M> modules) : modules_(modules) {}

    ModuleList& append(M module) {
        modules_.push_back(std::move(module));
        return *this;
    }
    /// Copies of another list's modules behind these.
    ModuleList& extend(const ModuleList& others) {
        std::vector<M> more = others.modules_;
        for (M& module : more) modules_.push_back(std::move(module));
        return *this;
    }
    /// In front of the module at this place. Throws Error for a place outside the list.
    ModuleList& insert(index_t place, M module) {
        const auto at = detail::place_in("ModuleList::insert", size(), place, true);
        modules_.insert(modules_.begin() + static_cast<std::ptrdiff_t>(at), std::move(module));
        return *this;
    }
    /// Takes a module out of the list. Throws Error for a place outside it.
    M pop(index_t place = -1) {
        const auto at = modules_.begin() + static_cast<std::ptrdiff_t>(detail::place_in("ModuleList::pop", size(), place));
        M module = std::move(*at);
        modules_.erase(at);
        return module;
    }

    std::size_t size() const { return modules_.size(); }
    /// A negative place counts from the end. Throws Error for a place outside the list.
    M& operator[](index_t place) { return modules_[detail::place_in("ModuleList", size(), place)]; }
    const M& operator[](index_t place) const { return modules_[detail::place_in("ModuleList", size(), place)]; }
    auto begin() { return modules_.begin(); }
    auto end() { return modules_.end(); }
    auto begin() const { return modules_.begin(); }
    auto end() const { return modules_.end(); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { f("", self.modules_); }

private:
    std::vector<M> modules_;
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
