// The gated linear unit. https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
#pragma once

#include "xnn/expr/functors/activation.hpp"
#include "xnn/expr/functors/arithmetic.hpp"
#include "xnn/ops/view.hpp"

namespace xnn {

/// The half of dimension Dim that begins at `Part` of two.
template <index_t Dim, index_t Part>
struct HalfMap {
    static constexpr std::string_view name = "glu";
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if (normalize_dim(Dim, R) >= R) return false;
        const index_t extent = x[normalize_dim(Dim, R)];
        return extent == dyn || extent % 2 == 0;
    }
    template <std::size_t R>
    static constexpr Dims<R> extents(Dims<R> x) {
        auto& extent = x[normalize_dim(Dim, R)];
        extent = map_extent(extent, [](index_t n) { return n / 2; });
        return x;
    }
    template <std::size_t R>
    constexpr void check(const Dims<R>& x) const {
        if (!accepts(x)) fail(name, "an even extent", std::to_string(x[normalize_dim(Dim, R)]));
    }
    template <std::size_t R>
    struct For : detail::RowsFrom<R, normalize_dim(Dim, R), false> {
        static constexpr std::size_t dim = normalize_dim(Dim, R);
        constexpr For(HalfMap) {}
        static constexpr Dims<R> strides(const Dims<R>& from) { return contiguous_strides(from); }
        static constexpr index_t offset(const Dims<R>& from) { return Part * (from[dim] / 2) * contiguous_strides(from)[dim]; }
    };
};

namespace functional {

/// a sigmoid(b), where a and b are the halves of dimension Dim.
template <index_t Dim = -1, Operand X>
constexpr auto glu(X&& x) {
    auto whole = operand(std::forward<X>(x));
    return map(functors::Multiply{}, view_by(HalfMap<Dim, 0>{}, whole), map(functors::Sigmoid{}, view_by(HalfMap<Dim, 1>{}, whole)));
}

}  // namespace functional
}  // namespace xnn
