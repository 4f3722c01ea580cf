// What containers of entries without names share.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "xnn/nn/module.hpp"

namespace xnn::nn {

/// Entries of one type, as many as the program says, named "0", "1", …: the base of the containers ModuleList and
/// ParameterList. Self has a static `container`, its name for messages.
template <class Self, class Value>
class List {
public:
    List() = default;
    /// As many entries, each made without arguments.
    explicit List(std::size_t size)
        requires std::default_initializable<Value>
        : entries_(size) {}
    List(std::initializer_list<Value> entries) : entries_(entries) {}

    Self& append(Value entry) {
        entries_.push_back(std::move(entry));
        detail::tell_added(static_cast<Self&>(*this), size() - 1, entries_.back());
        return static_cast<Self&>(*this);
    }
    /// Copies of another list's entries behind these.
    Self& extend(const List& others) {
        std::vector<Value> more = others.entries_;
        for (Value& entry : more) append(std::move(entry));
        return static_cast<Self&>(*this);
    }
    /// In front of the entry at this place. Throws Error for a place outside the list.
    Self& insert(index_t place, Value entry) {
        const auto at = entries_.insert(entries_.begin() + position(place, true), std::move(entry));
        detail::tell_added(static_cast<Self&>(*this), static_cast<std::size_t>(at - entries_.begin()), *at);
        return static_cast<Self&>(*this);
    }
    /// Takes an entry out of the list. Throws Error for a place outside it.
    Value pop(index_t place = -1) {
        const auto at = entries_.begin() + position(place);
        Value entry = std::move(*at);
        entries_.erase(at);
        return entry;
    }

    std::size_t size() const { return entries_.size(); }
    /// A negative place counts from the end. Throws Error for a place outside the list.
    Value& operator[](index_t place) { return entries_.begin()[position(place)]; }
    const Value& operator[](index_t place) const { return entries_.begin()[position(place)]; }
    auto begin() { return entries_.begin(); }
    auto end() { return entries_.end(); }
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }

    template <class Holder, class F>
    static constexpr void visit_own_members(Holder& self, F&& f) { f("", self.entries_); }

private:
    std::ptrdiff_t position(index_t place, bool may_be_end = false) const {
        const auto count = static_cast<index_t>(size());
        const index_t from_start = place < 0 ? place + count : place;
        if (from_start < 0 || from_start >= count + (may_be_end ? 1 : 0))
            fail(Self::container, "a place in a list of " + std::to_string(count), std::to_string(place));
        return static_cast<std::ptrdiff_t>(from_start);
    }

    std::vector<Value> entries_;
};

}  // namespace xnn::nn
