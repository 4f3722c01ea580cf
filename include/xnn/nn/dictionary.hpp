// What containers of named entries share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "xnn/nn/module.hpp"

namespace xnn::nn {

/// Entries by name, in the order in which they came: the base of the containers ModuleDict and ParameterDict. Self has a
/// static `container`, its name for messages.
template <class Self, class Value>
class Dictionary {
public:
    struct Entry {
        std::string name;
        Value value;
    };

    /// Adds an entry, or replaces the one of that name. Throws Error for a name that is empty or has a dot.
    Self& set(const std::string& name, Value value) {
        if (name.empty() || name.find('.') != std::string::npos) fail(Self::container, "a name without dots, not empty", "'" + name + "'");
        auto entry = find(name);
        if (entry != entries_.end())
            entry->value = std::move(value);
        else
            entry = entries_.insert(entry, {name, std::move(value)});
        detail::tell_added(static_cast<Self&>(*this), name, entry->value);
        return static_cast<Self&>(*this);
    }
    /// Throws Error if there is no such entry.
    Value& operator[](std::string_view name) { return entry_of(name)->value; }
    const Value& operator[](std::string_view name) const { return detail::find_named(Self::container, entries_, name).value; }
    /// Takes an entry out. Throws Error if there is none of that name.
    Value pop(std::string_view name) {
        const auto entry = entry_of(name);
        Value value = std::move(entry->value);
        entries_.erase(entry);
        return value;
    }
    bool contains(std::string_view name) const { return const_cast<Dictionary&>(*this).find(name) != entries_.end(); }
    std::vector<std::string> keys() const {
        std::vector<std::string> result;
        for (const auto& entry : entries_) result.push_back(entry.name);
        return result;
    }
    std::size_t size() const { return entries_.size(); }
    auto begin() { return entries_.begin(); }
    auto end() { return entries_.end(); }
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }

    template <class Holder, class F>
    static constexpr void visit_own_members(Holder& self, F&& f) {
        for (auto& entry : self) f(std::string_view(entry.name), entry.value);
    }

private:
    auto find(std::string_view name) {
        auto entry = entries_.begin();
        while (entry != entries_.end() && entry->name != name) ++entry;
        return entry;
    }
    auto entry_of(std::string_view name) {
        const auto entry = find(name);
        if (entry == entries_.end()) detail::unknown_name(Self::container, entries_, name);
        return entry;
    }

    std::vector<Entry> entries_;
};

}  // namespace xnn::nn
