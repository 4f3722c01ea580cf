// What the library knows of xtensor without including it, which would cost every program half a second of compilation:
// what an expression of it looks like, and that xnn/xtensor.hpp holds the bridge.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>

#include "xnn/core/shape.hpp"

namespace xt {
template <class D>
class xexpression;
}

namespace xnn {

/// Any xtensor expression: a container, a view, or something lazy.
template <class E>
concept XtensorExpression = std::derived_from<std::remove_cvref_t<E>, xt::xexpression<std::remove_cvref_t<E>>>;

/// An xtensor expression that stands in memory.
template <class C>
concept XtensorContainer = XtensorExpression<C> && requires(C& c) {
    c.data();
    c.layout();
};

namespace detail {

/// Views of memory as xtensor containers. Defined in xnn/xtensor.hpp.
template <class T>
struct XtensorBridge;

template <class T>
constexpr auto xtensor_bridge() {
    constexpr bool included = requires { sizeof(XtensorBridge<T>); };
    static_assert(included, "a tensor as an xtensor container, or from one, needs #include <xnn/xtensor.hpp>");
    if constexpr (included) return XtensorBridge<T>{};
}

}  // namespace detail

/// The extents of an xtensor expression; throws Error if it has another number of dimensions.
template <std::size_t Rank, XtensorExpression E>
Dims<Rank> xtensor_extents(const E& expression) {
    if (expression.dimension() != Rank)
        fail("xtensor expression", std::to_string(Rank) + " dimensions", std::to_string(expression.dimension()));
    Dims<Rank> extents;
    for (std::size_t i = 0; i < Rank; ++i) extents[i] = static_cast<index_t>(expression.shape(i));
    return extents;
}

/// Throws Error unless the container's elements stand in row-major order without gaps.
template <XtensorContainer C>
void require_row_major(const C& container) {
    index_t stride = 1;
    for (std::size_t i = container.dimension(); i-- > 0;) {
        const auto extent = static_cast<index_t>(container.shape(i));
        if (extent != 1 && static_cast<index_t>(container.strides()[i]) != stride)
            fail("as_tensor", "a contiguous row-major container", "other strides");
        stride *= extent;
    }
}

}  // namespace xnn
