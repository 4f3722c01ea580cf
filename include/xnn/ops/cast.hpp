// Changes of dtype. https://pytorch.org/docs/stable/generated/torch.Tensor.to.html
#pragma once

#include "xnn/expr/apply.hpp"

namespace xnn {

/// x with elements of type T: numbers are rounded towards zero to become integers, and true is 1.
template <Element T, Array X>
constexpr auto to(X&& x) {
    using E = operand_t<X>;
    if constexpr (is_invalid<E>)
        return E{};
    else if constexpr (is_meta<E>)
        return detail::meta_result<T, detail::PointwiseCharge<Cast<T>>, E>(shape_value(x), detail::ledger_of(x));
    else if constexpr (is_recorded<E>)
        return device_t<E>::template record<T>(Cast<T>{}, shape_value(x), operand(std::forward<X>(x)));
    else
        return detail::converted<T>(operand(std::forward<X>(x)));
}

}  // namespace xnn
