// Pointwise functors: trivially copyable structs whose operator() takes registers or single numbers.
//
//   struct F {
//       static constexpr std::string_view name;                     PyTorch's
//       V operator()(V x...) const;                                 y
//       template <int I> V backward(V g, V x..., V y) const;        g dy/dx_I, with PyTorch's choices at kinks
//       static constexpr bool differentiable = false;               no gradient passes; backward is absent
//       static constexpr bool predicate = true;                     y is a mask: bool, or xsimd::batch_bool for registers
//       static constexpr bool takes_mask = true;                    the first argument is such a mask
//       static constexpr bool wants_float = true;                   whole numbers are computed with as float
//       static constexpr bool needs_input, needs_output;            what the gradient of a unary functor reads
//   };
//
// Options are public members, numbers as double: PyTorch's names and defaults, so that designated initialisers read alike.
#pragma once

#include <string_view>

#include "xnn/core/math.hpp"
#if !defined(__CUDACC__)
#include "xnn/cpu/math.hpp"
#endif

namespace xnn::functors {

namespace detail {

template <class V>
struct scalar_of {
    using type = V;
};
template <class V>
    requires requires { typename V::value_type; }
struct scalar_of<V> {
    using type = typename V::value_type;
};

/// The same number in every lane.
template <class V>
XNN_INLINE V constant(double number) { return V(static_cast<typename scalar_of<V>::type>(number)); }

}  // namespace detail
}  // namespace xnn::functors
