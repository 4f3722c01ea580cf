// Layer normalisation. https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
#pragma once

#include "xnn/cpu/layer_norm.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// (x - mean) / √(variance + eps) weight + bias with the moments over the last dimensions, those of Normalized:
/// x [*, Normalized…], optionally weight, optionally bias [Normalized…].
template <AnyShape Normalized>
struct LayerNormRule {
    static constexpr std::string_view name = "layer_norm";
    static constexpr bool takes_activation = true;
    double eps = 1e-5;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x, const auto&...) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const auto&... affine) {
        if constexpr (R < Normalized::rank) {
            return false;
        } else {
            for (std::size_t i = 0; i < Normalized::rank; ++i)
                if (!fits(x[R - Normalized::rank + i], Normalized::static_extents[i])) return false;
            return (fits(affine, Normalized::static_extents) && ...);
        }
    }

    /// What the way back wants of the way forward.
    template <class C>
    struct Moments {
        C* mean;
        C* rstd;
    };

    template <class T, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& x, const auto&...) {
        const index_t rows = product_or_dyn(x, 0, R - Normalized::rank);
        return 2 * static_cast<index_t>(aligned_size(static_cast<std::size_t>(rows) * sizeof(compute_t<T>)));
    }

    auto forward(auto& arena, auto y, auto x, auto... affine) const {
        using C = compute_t<typename decltype(x)::value_type>;
        const auto [rows, n] = sizes(x);
        const Moments<C> moments{arena.template allocate<C>(rows), arena.template allocate<C>(rows)};
        const auto [weight, bias] = pointers<typename decltype(x)::value_type>(affine.data...);
        layer_norm_forward(typename decltype(x)::device{}, x.data, weight, bias, y.data, moments.mean, moments.rstd, rows, n, eps);
        return moments;
    }
    template <class T, class C>
    void backward(auto&, const Moments<C>& moments, const auto& targets, const T* gy, const T*, auto x, auto... affine) const {
        const auto [rows, n] = sizes(x);
        const auto [weight, bias] = pointers<T>(affine.data...);
        const auto gx = get<0>(targets);
        Target<T> gw{}, gb{};
        if constexpr (sizeof...(affine) > 0) gw = get<1>(targets);
        if constexpr (sizeof...(affine) > 1) gb = get<2>(targets);
        layer_norm_backward(typename decltype(x)::device{}, x.data, weight, gy, moments.mean, moments.rstd, gx.data, gx.accumulate, gw.data,
                                     gw.accumulate, gb.data, gb.accumulate, rows, n);
    }

private:
    struct Sizes {
        index_t rows, n;
    };
    static Sizes sizes(auto x) {
        const auto extents = x.shape.extents();
        const std::size_t first = extents.size() - Normalized::rank;
        return {product_or_dyn(extents, 0, first), product_or_dyn(extents, first, extents.size())};
    }
    template <class T>
    struct Affine {
        const T* weight = nullptr;
        const T* bias = nullptr;
    };
    template <class T>
    static Affine<T> pointers(auto... data) { return Affine<T>{data...}; }
};

namespace functional {

/// Normalises over the last dimensions, those of Normalized; optionally weight and bias of that shape.
template <AnyShape Normalized, Operand X, Operand... Affine>
    requires(sizeof...(Affine) <= 2)
constexpr auto layer_norm(X&& x, LayerNormRule<Normalized> rule, Affine&&... affine) {
    return apply(rule, std::forward<X>(x), std::forward<Affine>(affine)...);
}

}  // namespace functional
}  // namespace xnn
