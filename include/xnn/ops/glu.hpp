// The gated linear unit. https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
#pragma once

#include "xnn/expr/apply.hpp"
#include "xnn/expr/functors/activation.hpp"
#include "xnn/expr/functors/arithmetic.hpp"

namespace xnn {

/// The half of dimension Dim that begins at `Part` of two.
template <index_t Dim, index_t Part>
struct HalfRule {
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
    NothingSaved forward(auto&, auto y, auto x) const {
        const auto [outer, half] = sizes(x);
        for (index_t i = 0; i < outer; ++i) std::copy_n(x.data + (2 * i + Part) * half, half, y.data + i * half);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto gx = get<0>(targets);
        if (!gx) return;
        const auto [outer, half] = sizes(x);
        for (index_t i = 0; i < outer; ++i) {
            T* to = gx.data + 2 * i * half;
            if (!gx.accumulate) std::fill_n(to + (1 - Part) * half, half, T(0));
            for (index_t j = 0; j < half; ++j) {
                const auto g = static_cast<compute_t<T>>(gy[i * half + j]);
                auto& out = to[Part * half + j];
                out = static_cast<T>(gx.accumulate ? static_cast<compute_t<T>>(out) + g : g);
            }
        }
    }

private:
    struct Sizes {
        index_t outer, half;
    };
    static Sizes sizes(auto x) {
        const auto extents = x.shape.extents();
        const std::size_t dim = normalize_dim(Dim, extents.size());
        return {product_or_dyn(extents, 0, dim), product_or_dyn(extents, dim, extents.size()) / 2};
    }
};

namespace functional {

/// a sigmoid(b), where a and b are the halves of dimension Dim.
template <index_t Dim = -1, Operand X>
constexpr auto glu(X&& x) {
    auto whole = operand(std::forward<X>(x));
    return map(functors::Multiply{}, apply(HalfRule<Dim, 0>{}, whole), map(functors::Sigmoid{}, apply(HalfRule<Dim, 1>{}, whole)));
}

}  // namespace functional
}  // namespace xnn
