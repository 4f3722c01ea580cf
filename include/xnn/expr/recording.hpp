// Devices that take down what is computed instead of computing it. An export to a file format is one: a model applied to its
// arrays runs its forward as it always does, and every operation on them arrives at the device. Such a device has
//
//   static constexpr bool records = true;
//   static auto record<T>(what, shape, operands…)           an operation with a result of dtype T
//   static auto record_promoted<A, T>(what, shape, operands…)   the same, of arguments that are turned into A before
//   static auto record_part(whole, shape)                   the next result of an operation that has several
//   static auto enter(module, type, operands…)              what lives as long as a module's forward runs
//
// where `what` is the operation's rule, functor, reduction or map, the value that says all about it.
#pragma once

#include <type_traits>

#include "xnn/expr/expression.hpp"

namespace xnn {

template <class E>
inline constexpr bool is_recorded = requires { requires device_t<E>::records; };

namespace detail {

template <class... E>
struct recorder_of {
    using type = void;
};
template <class E, class... Rest>
struct recorder_of<E, Rest...> : std::conditional_t<is_recorded<E>, std::type_identity<device_t<E>>, recorder_of<Rest...>> {};

}  // namespace detail

/// The recording device among those of some operands, or void.
template <class... E>
using recorder_of_t = typename detail::recorder_of<E...>::type;

template <class... E>
inline constexpr bool any_recorded = (is_recorded<E> || ...);

}  // namespace xnn
