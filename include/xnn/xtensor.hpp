// The bridge to xtensor: tensor.array(), and tensors and operands made from xtensor expressions. The only place that
// includes xtensor; it knows both folder layouts, flat (before 0.26) and by subject. xnn.hpp includes it by itself after
// any header of xtensor.
#pragma once

#if __has_include(<xtensor/containers/xfixed.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xfixed.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xfixed.hpp>
#endif

#include <algorithm>
#include <array>

#include "xnn/core/tensor.hpp"

namespace xnn::detail {

template <class T>
struct XtensorBridge {
    /// Memory as an xtensor container that does not own it, of a fixed shape where the extents are known.
    template <class U, AnyShape S>
    static auto view(U* data, const S& shape) {
        if constexpr (S::is_static) {
            return fixed_view(data, shape);
        } else {
            std::array<std::size_t, S::rank> extents;
            std::ranges::copy(shape.extents(), extents.begin());
            return xt::adapt(data, static_cast<std::size_t>(shape.size()), xt::no_ownership(), extents);
        }
    }

private:
    template <class U, index_t... D>
    static auto fixed_view(U* data, const Shape<D...>&) {
        return xt::adapt(data, xt::xshape<static_cast<std::size_t>(D)...>{});
    }
};

}  // namespace xnn::detail
