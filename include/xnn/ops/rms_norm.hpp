// Root mean square normalisation. https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
#pragma once

#include "xnn/cpu/rms_norm.hpp"
#include "xnn/ops/layer_norm.hpp"

namespace xnn {

/// x / √(mean(x²) + eps) weight with the mean over the last dimensions, those of Normalized: x [*, Normalized…], optionally weight
/// [Normalized…].
template <AnyShape Normalized>
struct RmsNormRule {
    static constexpr std::string_view name = "rms_norm";
    double eps;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x, const auto&...) { return x; }
    static constexpr bool accepts(const auto& x, const auto&... weight) { return LayerNormRule<Normalized>::accepts(x, weight...); }
    template <class T, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& x, const auto&...) {
        return product_or_dyn(x, 0, R - Normalized::rank) * static_cast<index_t>(sizeof(compute_t<T>));
    }

    auto forward(auto& arena, auto y, auto x, auto... weight) const {
        using T = typename decltype(y)::value_type;
        auto* rstd = arena.template allocate<compute_t<T>>(rows(x));
        rms_norm_forward<T>(typename decltype(x)::device{}, x.data, pointer<T>(weight.data...), y.data, rstd, rows(x), Normalized::static_size, eps);
        return rstd;
    }
    template <class T>
    void backward(auto&, const compute_t<T>* rstd, const auto& targets, const T* gy, const T*, auto x, auto... weight) const {
        const auto gx = get<0>(targets);
        Target<T> gw{};
        if constexpr (sizeof...(weight) > 0) gw = get<1>(targets);
        rms_norm_backward<T>(typename decltype(x)::device{}, x.data, pointer<T>(weight.data...), gy, rstd, gx.data, gx.accumulate, gw.data,
                                      gw.accumulate, rows(x), Normalized::static_size);
    }

private:
    static index_t rows(auto x) { return product_or_dyn(x.shape.extents(), 0, x.shape.extents().size() - Normalized::rank); }
    template <class T>
    static const T* pointer(const T* weight = nullptr) { return weight; }
};

namespace functional {

/// Normalises over the last dimensions, those of Normalized; optionally with a weight of that shape.
template <AnyShape Normalized, Operand X, Operand... Weight>
    requires(sizeof...(Weight) <= 1)
constexpr auto rms_norm(X&& x, RmsNormRule<Normalized> rule, Weight&&... weight) {
    return apply(rule, std::forward<X>(x), std::forward<Weight>(weight)...);
}

}  // namespace functional
}  // namespace xnn
