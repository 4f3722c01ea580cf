// What a checkpoint of a training consists of, and how names lead through its containers.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "xnn/core/generator.hpp"
#include "xnn/nn/module.hpp"

namespace xnn::io {

/// A thing with a state, and its name in a checkpoint. It is referred to, and must outlive this.
class CheckpointPart {
public:
    template <nn::AnyModule M>
    CheckpointPart(std::string part, M& module) : CheckpointPart(std::move(part), Layout::names, module.state_dict()) {}
    /// An optimiser, a scheduler, a generator, or whatever else has a state_dict().
    template <class X>
        requires(!nn::AnyModule<X> && requires(X& x) { { x.state_dict() } -> std::same_as<StateDict>; })
    CheckpointPart(std::string part, X& object) : CheckpointPart(std::move(part), Layout::tree, object.state_dict()) {}
    /// A number, such as the epoch's.
    template <class T>
        requires(std::same_as<T, bool> || std::same_as<T, double> || std::same_as<T, std::int64_t>)
    CheckpointPart(std::string part, T& number)
        : CheckpointPart(std::move(part), Layout::tree, {{"", dtype_of<T>, {}, &number, true}}) {}

    /// Dots in names are parts of them, or lead into containers within containers.
    enum class Layout : std::uint8_t { names, tree };

    std::string name;
    Layout layout;
    StateDict state;

private:
    CheckpointPart(std::string part, Layout how, StateDict entries) : name(std::move(part)), layout(how), state(std::move(entries)) {}
};

namespace detail {

/// The part of a name from a position to the next dot.
inline std::string_view segment(std::string_view name, std::size_t start) { return name.substr(start, name.find('.', start) - start); }
/// The number that a text is, if it is one.
inline std::optional<std::size_t> number_of(std::string_view text) {
    std::size_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}
/// What optimisers name their parts: parameters by number in a dictionary, groups of options in a list.
inline constexpr std::string_view parameter_states = "state.", option_groups = "param_groups.";

}  // namespace detail

}  // namespace xnn::io
