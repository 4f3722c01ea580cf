// Group normalisation. https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
#pragma once

#include "xnn/cpu/layer_norm.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// (x - mean) / √(variance + eps) with the moments of each of Groups groups of channels of each image: x [batch, channels,
/// d…]. A group's elements stand together, so that it is a row of a layer normalisation.
template <index_t Groups>
struct GroupNormRule {
    static constexpr std::string_view name = "group_norm";
    double eps = 1e-5;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R < 2)
            return false;
        else
            return x[1] == dyn || x[1] % Groups == 0;
    }

    void check(auto x) const {
        const auto n = sizes(x);
        if (n.rows > 0 && n.length <= 1) fail(name, "more than 1 value for each group", to_text(x.shape.extents()));
    }

    /// What the way back wants of the way forward.
    template <class C>
    struct Moments {
        C* mean;
        C* rstd;
    };

    template <class T, std::size_t R>
    static constexpr index_t saved_bytes(const Dims<R>& x) {
        return 2 * static_cast<index_t>(aligned_size(static_cast<std::size_t>(x[0] * Groups) * sizeof(compute_t<T>)));
    }

    auto forward(auto& arena, auto y, auto x) const {
        using C = compute_t<typename decltype(x)::value_type>;
        const auto n = sizes(x);
        const Moments<C> moments{arena.template allocate<C>(n.rows), arena.template allocate<C>(n.rows)};
        const typename decltype(y)::value_type* none = nullptr;
        layer_norm_forward(typename decltype(x)::device{}, x.data, none, none, y.data, moments.mean, moments.rstd, n.rows, n.length, eps);
        return moments;
    }
    template <class T, class C>
    void backward(auto&, const Moments<C>& moments, const auto& targets, const T* gy, const T*, auto x) const {
        const auto n = sizes(x);
        const auto gx = get<0>(targets);
        const T* weight = nullptr;
        T* none = nullptr;
        layer_norm_backward(typename decltype(x)::device{}, x.data, weight, gy, moments.mean, moments.rstd, gx.data, gx.accumulate, none, false,
                                     none, false, n.rows, n.length);
    }

private:
    struct GroupSizes {
        index_t rows, length;
    };
    static GroupSizes sizes(auto x) {
        const auto extents = x.shape.extents();
        return {extents[0] * Groups, extents[1] / Groups * product_or_dyn(extents, 2, extents.size())};
    }
};

}  // namespace xnn
