// The only place that names xtensor. It knows both folder layouts: flat (before 0.26) and by subject.
#pragma once

#if __has_include(<xtensor/containers/xfixed.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xfixed.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xfixed.hpp>
#endif

#include "xnn/core/shape.hpp"

namespace xnn {

/// Any xtensor expression: a container, a view, or something lazy.
template <class E>
concept XtensorExpression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

/// An xtensor expression that stands in memory.
template <class C>
concept XtensorContainer = XtensorExpression<C> && requires(C& c) {
    c.data();
    c.layout();
};

namespace detail {
template <class T, index_t... D>
auto fixed_view(T* data, const Shape<D...>&) {
    return xt::adapt(data, xt::xshape<static_cast<std::size_t>(D)...>{});
}
}  // namespace detail

/// Memory as an xtensor container that does not own it.
template <class T, AnyShape S>
auto xtensor_view(T* data, const S& shape) {
    if constexpr (S::is_static) {
        return detail::fixed_view(data, shape);
    } else {
        std::array<std::size_t, S::rank> extents;
        std::ranges::copy(shape.extents(), extents.begin());
        return xt::adapt(data, static_cast<std::size_t>(shape.size()), xt::no_ownership(), extents);
    }
}

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
