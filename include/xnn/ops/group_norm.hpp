// Group normalisation. https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
#pragma once

#include "xnn/cpu/group_norm.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// (x - mean) / √(variance + eps) with the moments of each of Groups groups of channels of each image: x [batch, channels,
/// d…], optionally times weight plus bias [channels]. A group's elements stand together, so that without these it is a row of a
/// layer normalisation.
template <index_t Groups>
struct GroupNormRule {
    static constexpr std::string_view name = "group_norm";
    static constexpr bool takes_activation = true;
    double eps = 1e-5;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x, const auto&...) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x, const auto&... affine) {
        if constexpr (R < 2)
            return false;
        else
            return (x[1] == dyn || x[1] % Groups == 0) && (fits(affine, Dims<1>{x[1]}) && ...);
    }

    void check(auto x, auto...) const {
        const auto n = sizes(x);
        if (n.rows() > 0 && n.length() <= 1) fail(name, "more than 1 value for each group", to_text(x.shape.extents()));
    }

    /// What the way back wants of the way forward.
    template <class C>
    struct Moments {
        C* mean;
        C* rstd;
    };

    template <class T, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& x, const auto&...) {
        return 2 * static_cast<index_t>(aligned_size(static_cast<std::size_t>(x[0] * Groups) * sizeof(compute_t<T>)));
    }

    auto forward(auto& arena, auto y, auto x, auto... affine) const {
        using X = typename decltype(x)::value_type;
        using C = compute_t<X>;
        constexpr typename decltype(x)::device device;
        const auto n = sizes(x);
        const Moments<C> moments{arena.template allocate<C>(n.rows()), arena.template allocate<C>(n.rows())};
        if constexpr (sizeof...(affine) == 2) {
            group_norm_forward(device, x.data, affine.data..., y.data, moments.mean, moments.rstd, n, eps);
        } else {
            const X* none = nullptr;
            layer_norm_forward(device, x.data, none, none, y.data, moments.mean, moments.rstd, n.rows(), n.length(), eps);
        }
        return moments;
    }
    template <class T, class C, class... Affine>
    void backward(auto&, const Moments<C>& moments, const auto& targets, const T* gy, const T*, auto x, Affine... affine) const {
        constexpr typename decltype(x)::device device;
        const auto n = sizes(x);
        const auto gx = get<0>(targets);
        if constexpr (sizeof...(Affine) == 2) {
            const auto gw = get<1>(targets);
            const auto gb = get<2>(targets);
            const T* const parameters[] = {affine.data...};
            group_norm_backward(device, x.data, parameters[0], gy, moments.mean, moments.rstd, gx.data, gx.accumulate, gw.data, gw.accumulate,
                                gb.data, gb.accumulate, n);
        } else {
            const T* weight = nullptr;
            T* none = nullptr;
            layer_norm_backward(device, x.data, weight, gy, moments.mean, moments.rstd, gx.data, gx.accumulate, none, false, none, false,
                                n.rows(), n.length());
        }
    }

private:
    static kernels::GroupNormExtents sizes(auto x) {
        const auto extents = x.shape.extents();
        return {extents[0], extents[1], product_or_dyn(extents, 2, extents.size()), Groups};
    }
};

}  // namespace xnn
