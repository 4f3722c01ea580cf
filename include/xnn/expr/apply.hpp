// How operations are made: check the shapes, then build the node; on Meta, charge the ledger instead.
#pragma once

#include "xnn/expr/activated.hpp"
#include "xnn/expr/pointwise.hpp"
#include "xnn/expr/promote.hpp"

namespace xnn {

namespace detail {

template <class... X>
inline constexpr bool any_meta = (is_meta<operand_t<X>> || ...);

/// The device of the arguments, among which numbers do not count.
template <class... E>
struct common_device {
    using type = Cpu;
};
template <class E, class... Rest>
struct common_device<E, Rest...> : std::conditional_t<is_number<E>, common_device<Rest...>, std::type_identity<device_t<E>>> {};

/// Arguments whose elements stand on one device. What is taken down or only estimated stands on none.
template <class... E>
inline constexpr bool one_device =
    any_recorded<E...> || (is_meta<E> || ...) || ((is_number<E> || std::same_as<device_t<E>, typename common_device<E...>::type>) && ...);

template <class Rule, class Values>
struct result_type;
template <class Rule, class First, class... T>
struct result_type<Rule, Tuple<First, T...>> {
    using type = First;
};
template <class Rule, class First, class... T>
    requires requires { typename Rule::template value_type<First, T...>; }
struct result_type<Rule, Tuple<First, T...>> {
    using type = typename Rule::template value_type<First, T...>;
};

/// Floating-point arguments are of one type; indices and masks may be beside them.
template <class... T>
inline constexpr bool one_dtype = true;
template <class First, class... T>
inline constexpr bool one_dtype<First, T...> = Floating<First> ? ((!Floating<T> || std::same_as<First, T>) && ...) : one_dtype<T...>;

/// What stands in the node: the rule, unless it has a work() that knows as a value what the rule's type says.
template <class Rule>
constexpr auto work_of(Rule&& rule) {
    if constexpr (requires { rule.work(); })
        return rule.work();
    else
        return std::move(rule);
}

template <class Rule>
struct expectation {
    using type = Expects<>;
};
template <class Rule>
    requires requires { typename Rule::expects; }
struct expectation<Rule> {
    using type = typename Rule::expects;
};

}  // namespace detail

namespace detail {

template <class Indices>
struct erased_shape;
template <std::size_t... I>
struct erased_shape<std::index_sequence<I...>> {
    using type = Shape<((void)I, dyn)...>;
};
template <std::size_t Rank>
using ErasedShape = typename erased_shape<std::make_index_sequence<Rank>>::type;

template <class X>
inline constexpr bool is_parameter = false;
template <class T, class S, class Device>
inline constexpr bool is_parameter<Parameter<T, S, Device>> = true;
template <class X>
inline constexpr bool is_erasable = is_parameter<X>;
template <class T, class S, class Device>
inline constexpr bool is_erasable<TensorLeaf<T, S, Device>> = !is_stored_inline<T, S, Device>;
template <class T, class S, class Device, bool RequiresGrad, bool Inference>
inline constexpr bool is_erasable<Handle<T, S, Device, RequiresGrad, Inference>> = true;

}  // namespace detail

/// The same expression with a type that knows dtype and number of dimensions, but no extents: operations on it are compiled
/// once for all shapes, which the compiler has checked on Meta instead. A parameter that meets it forgets its shape as well.
/// Tensors, and what has a name and so a node of its own, can do that; anything else stays as it is.
template <class T, AnyShape S, class Device, bool RequiresGrad, bool Inference>
auto erase(const Handle<T, S, Device, RequiresGrad, Inference>& x) {
    return x.template retyped<detail::ErasedShape<S::rank>, true>();
}
template <Element T, AnyShape S, class Device>
auto erase(const Parameter<T, S, Device>& parameter) {
    using Erased = detail::ErasedShape<S::rank>;
    return ErasedParameterLeaf<T, Erased, Device>(*parameter.storage(), Erased(parameter.shape().extents()));
}
template <class T, AnyShape S, class Device>
    requires(detail::is_erasable<TensorLeaf<T, S, Device>>)
auto erase(const TensorLeaf<T, S, Device>& leaf) {
    using Erased = detail::ErasedShape<S::rank>;
    return ErasedTensorLeaf<T, Erased, Device>(leaf.storage(), Erased(leaf.shape().extents()));
}
template <class X>
    requires(!detail::is_erasable<std::remove_cvref_t<X>>)
constexpr X&& erase(X&& x) {
    return std::forward<X>(x);
}

namespace detail {

/// An argument without a name, which would become a part of the types of all that is computed from it.
template <class X>
inline constexpr bool is_unnamed = false;
template <Expression X>
    requires(is_erased<X>)
inline constexpr bool is_unnamed<X> = !X::is_leaf;

/// An argument among erased ones, for the sake of few types: a parameter forgets its shape, what is computed gets a name.
template <class X>
constexpr decltype(auto) erased_argument(X&& x) {
    if constexpr (is_unnamed<std::remove_cvref_t<X>>)
        return x.share();
    else
        return erase(std::forward<X>(x));
}

template <class Rule, class... X>
auto apply_erased(Rule rule, X&&... x);

}  // namespace detail

/// The node that a rule makes of its arguments. Shapes that cannot fit do not compile; those that do not fit in this run
/// throw Error.
template <class Rule, class... X>
constexpr auto apply(Rule rule, X&&... x) {
    using Problem = first_invalid_t<operand_t<X>...>;
    constexpr bool meta = detail::any_meta<X...>;
    if constexpr (!std::is_void_v<Problem>) {
        return Problem{};
    } else if constexpr (!detail::one_device<operand_t<X>...>) {
        return reject<Mismatch<Rule, Expects<OneDevice>, Got<device_t<operand_t<X>>...>>, meta>();
    } else if constexpr (!detail::one_dtype<value_t<operand_t<X>>...>) {
        return reject<Mismatch<Rule, Expects<OneDtype>, Got<value_t<operand_t<X>>...>>, meta>();
    } else if constexpr (any_erased<operand_t<X>...> && ((detail::is_parameter<std::remove_cvref_t<X>> || detail::is_unnamed<std::remove_cvref_t<X>>) || ...)) {
        return detail::apply_erased(std::move(rule), detail::erased_argument(std::forward<X>(x))...);
    } else if constexpr (!Rule::accepts(shape_t<operand_t<X>>::static_extents...)) {
        return reject<Mismatch<Rule, typename detail::expectation<Rule>::type, Got<shape_t<operand_t<X>>...>>, meta>();
    } else {
        using T = typename detail::result_type<Rule, Tuple<value_t<operand_t<X>>...>>::type;
        require_shapes<Rule>(Rule::name, "arguments whose shapes fit", shape_value(x)...);
        const auto shape = apply_rule<Rule>(shape_value(x)...);
        using S = std::remove_cvref_t<decltype(shape)>;
        if constexpr (meta) {
            return detail::meta_result<T, detail::OperationCharge<Rule>, operand_t<X>...>(shape, detail::ledger_of(x...));
        } else if constexpr (any_recorded<operand_t<X>...>) {
            return recorder_of_t<operand_t<X>...>::template record<T>(rule, shape, operand(std::forward<X>(x))...);
        } else {
            using Device = typename detail::common_device<operand_t<X>...>::type;
            auto work = detail::work_of(std::move(rule));
            return Operation<decltype(work), T, S, Device, operand_t<X>...>(std::move(work), shape, std::forward<X>(x)...);
        }
    }
}

namespace detail {

/// A function of its own: deep networks call it at many places.
template <class Rule, class... X>
[[gnu::noinline]] auto apply_erased(Rule rule, X&&... x) {
    return apply(std::move(rule), std::forward<X>(x)...);
}

/// Pointwise: stores nothing, but an argument that is broadcast must stand in memory, and gathers its gradient there.
template <class F>
struct PointwiseCharge {
    static constexpr bool differentiable = is_differentiable<F>;

    template <class T, class S, bool, class... E>
    static constexpr Charge of() {
        if constexpr (sizeof...(E) == 1 && ((traits_of<E>.takes_activation && works_in_place<F, value_t<E>, E::requires_grad>) && ...))
            return {};  // done by the operation, in its memory
        else
            return {false, (broadcast<E, S>() + ... + Cost{})};
    }

private:
    template <class E, class S>
    static constexpr Cost broadcast() {
        if constexpr (is_number<E> || !BroadcastMap<shape_t<E>, S>::needed) {
            return {};
        } else {
            Cost cost = materialized<E>();
            if (E::requires_grad)
                cost.backward_bytes += static_cast<index_t>(aligned_size(static_cast<std::size_t>(
                    parts_of(S::static_size, summing_parts) * shape_t<E>::static_size) * sizeof(value_t<E>)));
            return cost;
        }
    }
};

/// The broadcasting of any number of shapes.
struct BroadcastAll {
    static constexpr auto extents(const auto& a) { return a; }
    static constexpr auto extents(const auto& a, const auto& b, const auto&... rest) {
        return extents(Broadcast::extents(a, b), rest...);
    }
    static constexpr bool accepts(const auto& a) {
        for (index_t extent : a)
            if (extent == -2) return false;
        return true;
    }
    static constexpr bool accepts(const auto& a, const auto& b, const auto&... rest) {
        return Broadcast::accepts(a, b) && accepts(Broadcast::extents(a, b), rest...);
    }
};

/// A node with another dtype.
template <class T, class E>
auto converted(E e) {
    const auto shape = e.shape();
    return Pointwise<Cast<T>, T, shape_t<E>, device_t<E>, E>(Cast<T>{}, shape, std::move(e));
}

/// An argument of a pointwise operation in the operation's dtype and shape.
template <class T, class S, class E>
auto argument(E&& e, const S& shape) {
    using Plain = std::remove_cvref_t<E>;
    if constexpr (is_number<Plain>) {
        return Number<T, device_t<Plain>>(static_cast<compute_t<T>>(e.number()));
    } else if constexpr (!std::same_as<value_t<Plain>, T>) {
        return argument<T>(converted<T>(std::move(e)), shape);
    } else if constexpr (BroadcastMap<shape_t<Plain>, S>::needed) {
        return Broadcasted<Plain, S>(std::move(e), shape);
    } else {
        return Plain(std::move(e));
    }
}

template <class F, class Result, class S, class... E>
auto pointwise_of(F f, const S& shape, E... e) {
    return Pointwise<F, Result, S, typename common_device<E...>::type, E...>(f, shape, std::move(e)...);
}

/// The node of a functor whose arguments still have their own dtypes and shapes.
template <class F, class T, class Result, class S, class First, class... E>
auto make_pointwise(F f, const S& shape, First first, E... rest) {
    using FirstT = std::conditional_t<takes_mask<F>, bool, T>;
    return pointwise_of<F, Result>(f, shape, argument<FirstT>(std::move(first), shape), argument<T>(std::move(rest), shape)...);
}

}  // namespace detail

/// The pointwise node of a functor: arguments are promoted to one dtype and broadcast to one shape, as PyTorch does.
template <class F, class... X>
constexpr auto map(F f, X&&... x) {
    using Problem = first_invalid_t<operand_t<X>...>;
    constexpr bool meta = detail::any_meta<X...>;
    if constexpr (!std::is_void_v<Problem>) {
        return Problem{};
    } else if constexpr (!detail::one_device<operand_t<X>...>) {
        return reject<Mismatch<F, Expects<OneDevice>, Got<device_t<operand_t<X>>...>>, meta>();
    } else if constexpr (!detail::BroadcastAll::accepts(shape_t<operand_t<X>>::static_extents...)) {
        return reject<Mismatch<F, Expects<ShapesThatBroadcast>, Got<shape_t<operand_t<X>>...>>, meta>();
    } else {
        using T = promoted_t<F, operand_t<X>...>;
        using Result = std::conditional_t<is_predicate<F>, bool, T>;
        require_shapes<detail::BroadcastAll>(F::name, "shapes that broadcast", shape_value(x)...);
        const auto shape = apply_rule<detail::BroadcastAll>(shape_value(x)...);
        if constexpr (meta) {
            return detail::meta_result<Result, detail::PointwiseCharge<F>, operand_t<X>...>(shape, detail::ledger_of(x...));
        } else if constexpr (any_recorded<operand_t<X>...>) {
            return recorder_of_t<operand_t<X>...>::template record_promoted<T, Result>(f, shape, operand(std::forward<X>(x))...);
        } else {
            return detail::make_pointwise<F, T, Result>(f, shape, operand(std::forward<X>(x))...);
        }
    }
}

/// An activation behind an operation that is used for nothing else is done by that operation.
template <class F, class X>
    requires(!std::is_lvalue_reference_v<X> && detail::is_activatable<F, std::remove_cvref_t<X>>)
auto map(F f, X&& x) {
    return std::move(x).activated(f);
}

}  // namespace xnn
