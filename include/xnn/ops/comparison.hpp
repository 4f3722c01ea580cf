// Comparisons, tests and choices, element by element, whose results or conditions are bool.
// https://pytorch.org/docs/stable/torch.html#comparison-ops
#pragma once

#include "xnn/ops/operators.hpp"

namespace xnn {

#define XNN_UNARY(name, Functor)                                                      \
    template <Array X>                                                                \
    constexpr auto name(X&& x) { return map(functors::Functor{}, std::forward<X>(x)); }
#define XNN_BINARY(name, Functor)                                                     \
    template <class A, class B>                                                       \
        requires ArrayPair<A, B>                                                      \
    constexpr auto name(A&& a, B&& b) {                                               \
        return map(functors::Functor{}, std::forward<A>(a), std::forward<B>(b));      \
    }

/// a = b
XNN_BINARY(eq, Equal)
/// a ≠ b
XNN_BINARY(ne, NotEqual)
/// a < b
XNN_BINARY(lt, Less)
/// a <= b
XNN_BINARY(le, LessEqual)
/// a > b
XNN_BINARY(gt, Greater)
/// a >= b
XNN_BINARY(ge, GreaterEqual)
/// Whether both are not 0
XNN_BINARY(logical_and, LogicalAnd)
/// Whether one is not 0
XNN_BINARY(logical_or, LogicalOr)
/// Whether exactly one is not 0
XNN_BINARY(logical_xor, LogicalXor)
/// Whether x is 0
XNN_UNARY(logical_not, LogicalNot)
/// Whether x is NaN
XNN_UNARY(isnan, IsNan)
/// Whether x is infinite
XNN_UNARY(isinf, IsInf)
/// Whether x is a finite number
XNN_UNARY(isfinite, IsFinite)

/// a where the mask holds, b elsewhere. https://pytorch.org/docs/stable/generated/torch.where.html
template <class M, Operand A, Operand B>
    requires(Array<M> || Array<A> || Array<B>)
constexpr auto where(M&& mask, A&& a, B&& b) {
    return map(functors::Where{}, std::forward<M>(mask), std::forward<A>(a), std::forward<B>(b));
}
/// x with a number where the mask holds. https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html
template <Array X, Array M>
constexpr auto masked_fill(X&& x, M&& mask, double value) {
    return map(functors::Where{}, std::forward<M>(mask), value, std::forward<X>(x));
}

#undef XNN_UNARY
#undef XNN_BINARY

}  // namespace xnn
