// Operators between arrays, and between arrays and numbers. Shapes broadcast and dtypes promote as in PyTorch.
// https://pytorch.org/docs/stable/torch.html#pointwise-ops
#pragma once

#include "xnn/expr/apply.hpp"
#include "xnn/expr/assign.hpp"
#include "xnn/expr/functors/arithmetic.hpp"
#include "xnn/expr/functors/comparison.hpp"

namespace xnn {

/// Operands of which at least one is an array of this library: what its operators are for. Nothing more is asked of other types,
/// for these operators are looked at wherever somebody is `using namespace xnn`.
template <class A, class B>
concept ArrayPair = (detail::is_ours<std::remove_cvref_t<A>> || detail::is_ours<std::remove_cvref_t<B>>) && Operand<A> && Operand<B>;

#define XNN_BINARY_OPERATOR(symbol, Functor)                                          \
    template <class A, class B>                                                       \
        requires ArrayPair<A, B>                                                      \
    constexpr auto operator symbol(A&& a, B&& b) {                                    \
        return map(functors::Functor{}, std::forward<A>(a), std::forward<B>(b));      \
    }
/// a + b
XNN_BINARY_OPERATOR(+, Add)
/// a - b
XNN_BINARY_OPERATOR(-, Subtract)
/// a b, element by element
XNN_BINARY_OPERATOR(*, Multiply)
/// a / b; integers divide as float
XNN_BINARY_OPERATOR(/, Divide)
/// The remainder of a / b with the sign of b, as Python's
XNN_BINARY_OPERATOR(%, Remainder)
/// a < b, element by element
XNN_BINARY_OPERATOR(<, Less)
/// a <= b, element by element
XNN_BINARY_OPERATOR(<=, LessEqual)
/// a > b, element by element
XNN_BINARY_OPERATOR(>, Greater)
/// a >= b, element by element
XNN_BINARY_OPERATOR(>=, GreaterEqual)
/// a = b, element by element
XNN_BINARY_OPERATOR(==, Equal)
/// a ≠ b, element by element
XNN_BINARY_OPERATOR(!=, NotEqual)
/// Whether both are not 0, element by element; both sides are always computed
XNN_BINARY_OPERATOR(&&, LogicalAnd)
/// Whether one is not 0, element by element; both sides are always computed
XNN_BINARY_OPERATOR(||, LogicalOr)
#undef XNN_BINARY_OPERATOR

/// -x
template <Array X>
constexpr auto operator-(X&& x) { return map(functors::Negate{}, std::forward<X>(x)); }
/// Whether x is 0, element by element
template <Array X>
constexpr auto operator!(X&& x) { return map(functors::LogicalNot{}, std::forward<X>(x)); }

#define XNN_COMPOUND_ASSIGNMENT(symbol)                                               \
    template <class T, class S, class Device, Operand X>                              \
    Tensor<T, S, Device>& operator symbol##=(Tensor<T, S, Device>& tensor, X&& x) {   \
        assign(tensor, tensor symbol std::forward<X>(x));                             \
        return tensor;                                                                \
    }
/// tensor = tensor + x
XNN_COMPOUND_ASSIGNMENT(+)
/// tensor = tensor - x
XNN_COMPOUND_ASSIGNMENT(-)
/// tensor = tensor x, element by element
XNN_COMPOUND_ASSIGNMENT(*)
/// tensor = tensor / x
XNN_COMPOUND_ASSIGNMENT(/)
#undef XNN_COMPOUND_ASSIGNMENT

}  // namespace xnn
