// What can stand in an expression, and as which node.
#pragma once

#include "xnn/expr/meta.hpp"
#include "xnn/expr/parameter.hpp"
#include "xnn/expr/problem.hpp"
#include "xnn/expr/recording.hpp"
#include "xnn/expr/root.hpp"
#include "xnn/expr/shared.hpp"

namespace xnn {

/// The node that stands for a value in an expression: leaves and temporaries themselves, names by handle, tensors by their
/// memory, which the expression keeps alive, numbers as constants.
template <class E>
    requires Expression<E>
constexpr auto operand(E&& e) {
    using Plain = std::remove_cvref_t<E>;
    if constexpr (std::is_lvalue_reference_v<E> && ((is_meta<Plain> && !is_invalid<Plain>) || !Plain::is_leaf))
        return e.share();
    else
        return Plain(std::forward<E>(e));
}
template <Element T, AnyShape S, class Device>
auto operand(const Tensor<T, S, Device>& tensor) { return TensorLeaf<T, S, Device>(tensor.storage(), tensor.shape()); }
template <class T, AnyShape S, class Device>
auto operand(const TensorView<T, S, Device>& view) { return ViewLeaf<std::remove_const_t<T>, S, Device>(view); }
template <Element T, AnyShape S, class Device>
auto operand(const Parameter<T, S, Device>& parameter) { return ParameterLeaf<T, S, Device>(*parameter.storage()); }
template <class T>
    requires std::is_arithmetic_v<T>
constexpr auto operand(T number) { return Number<T, Cpu>(number); }

namespace detail {
template <XtensorExpression E>
auto shape_of_xtensor() {
    constexpr bool has_rank = requires { typename E::shape_type; std::tuple_size<typename E::shape_type>::value; };
    static_assert(has_rank, "the type of this xtensor expression does not say how many dimensions it has: as_tensor<Shape<…>>() does");
    if constexpr (has_rank)
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return Shape<((void)I, dyn)...>{};
        }(std::make_index_sequence<std::tuple_size_v<typename E::shape_type>>{});
    else
        return Shape<dyn>{};
}
}  // namespace detail

/// An xtensor expression of a known number of dimensions: copied into the expression. Use as_tensor<Shape<…>>() to name
/// the extents, or to refer to a container without a copy.
template <XtensorExpression E>
auto operand(const E& e) {
    using S = decltype(detail::shape_of_xtensor<std::remove_cvref_t<E>>());
    return operand(Tensor<typename E::value_type, S, Cpu>(e));
}

/// Anything that operand() turns into a node.
template <class X>
concept Operand = requires(X&& x) { operand(std::forward<X>(x)); };

/// The node that stands for an X.
template <class X>
using operand_t = std::remove_cvref_t<decltype(operand(std::declval<X>()))>;

namespace detail {
template <class X>
inline constexpr bool is_ours = Expression<X>;
template <class T, class S, class D>
inline constexpr bool is_ours<Tensor<T, S, D>> = true;
template <class T, class S, class D>
inline constexpr bool is_ours<TensorView<T, S, D>> = true;
template <class T, class S, class D>
inline constexpr bool is_ours<Parameter<T, S, D>> = true;
}  // namespace detail

/// An operand that is not just a number or xtensor's: what makes an operator ours.
template <class X>
concept Array = detail::is_ours<std::remove_cvref_t<X>> && Operand<X>;

/// The first Invalid among the operands, or void.
namespace detail {
template <class... E>
struct first_invalid {
    using type = void;
};
template <class E, class... Rest>
struct first_invalid<E, Rest...>
    : std::conditional_t<is_invalid<E>, std::type_identity<E>, first_invalid<Rest...>> {};
}  // namespace detail
template <class... E>
using first_invalid_t = typename detail::first_invalid<E...>::type;

/// The shape value of an operand, without a look at the object where its type knows all.
template <class X>
constexpr auto shape_value(const X& x) {
    using S = shape_t<operand_t<const X&>>;
    if constexpr (S::is_static)
        return S{};
    else if constexpr (XtensorExpression<X>)
        return S(xtensor_extents<S::rank>(x));
    else if constexpr (requires { x.shape.extents(); })
        return x.shape;  // a TensorView
    else
        return x.shape();
}

}  // namespace xnn
