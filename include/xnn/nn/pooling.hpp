// Pooling layers. https://pytorch.org/docs/stable/nn.html#pooling-layers
#pragma once

#include "xnn/nn/module.hpp"
#include "xnn/nn/sizes.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/place.hpp"
#include "xnn/ops/pointwise.hpp"

namespace xnn::nn {

/// The arguments of a max pooling beyond its window, with PyTorch's names and defaults; a stride of 0 is the kernel size.
/// With return_indices a call gives `auto [values, indices] = pool(x);`, where an index is a place in its plane.
struct MaxPoolOptions {
    Sizes stride = 0;
    Sizes padding = 0;
    Sizes dilation = 1;
    bool ceil_mode = false;
    bool return_indices = false;
};

/// The arguments of the reversal of a max pooling beyond its window; an output_size of 0 is the smallest that the pooling
/// may have come from, (d - 1) stride - 2 padding + kernel_size.
struct MaxUnpoolOptions {
    Sizes stride = 0;
    Sizes padding = 0;
    Sizes output_size = 0;
};

/// The arguments of a power-average pooling beyond norm and window.
struct LPPoolOptions {
    Sizes stride = 0;
    bool ceil_mode = false;
};

/// The arguments of an average pooling beyond its window; a stride of 0 is the kernel size, a divisor_override of 0 none.
struct AvgPoolOptions {
    Sizes stride = 0;
    Sizes padding = 0;
    bool ceil_mode = false;
    bool count_include_pad = true;
    index_t divisor_override = 0;
};

namespace detail {

template <std::size_t Rank, Sizes Kernel, Sizes Stride, Sizes Padding, Sizes Dilation, bool CeilMode>
struct PoolWindowOf {
    static constexpr PoolWindow<Rank> value{Kernel.template dims<Rank>(),
                                            (Stride == Sizes(0) ? Kernel : Stride).template dims<Rank>(),
                                            Padding.template dims<Rank>(), Dilation.template dims<Rank>(), CeilMode};
};

/// A layer that applies a rule to one argument.
template <class Self, class Rule, Sizes KernelSize>
struct PoolLayer : Module<Self> {
    using expects = Expects<ExtentsOfAtLeast<KernelSize>>;
    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    constexpr auto forward(auto x) const { return xnn::apply(Rule{}, std::move(x)); }
};

template <std::size_t Rank, Sizes K, MaxPoolOptions O>
using MaxPoolWindowOf = PoolWindowOf<Rank, K, O.stride, O.padding, O.dilation, O.ceil_mode>;

/// A max pooling, with the places of the maxima if the options want them.
template <class Self, std::size_t Rank, Sizes K, MaxPoolOptions O>
struct MaxPoolLayer : PoolLayer<Self, MaxPoolRule<MaxPoolWindowOf<Rank, K, O>>, K> {};
template <class Self, std::size_t Rank, Sizes K, MaxPoolOptions O>
    requires(O.return_indices)
struct MaxPoolLayer<Self, Rank, K, O> : Module<Self> {
    template <Operand X>
    constexpr auto operator()(X&& x) const {
        return xnn::detail::pool_with_indices<MaxPoolIndicesRule<MaxPoolWindowOf<Rank, K, O>>, Rank>(std::forward<X>(x));
    }
};

template <std::size_t Rank, Sizes Output>
struct UnpoolOutput {
    static constexpr auto value = Output.template dims<Rank>();
};
/// The reversal of a max pooling: (x, indices) → [*, d'…].
template <class Self, std::size_t Rank, Sizes K, MaxUnpoolOptions O>
struct MaxUnpoolLayer : Module<Self> {
    using Rule = MaxUnpoolRule<PoolWindowOf<Rank, K, O.stride, O.padding, Sizes(1), false>, UnpoolOutput<Rank, O.output_size>>;

    template <class X, class Indices>
    constexpr auto forward(X x, Indices indices) const {
        static_assert(std::same_as<value_t<Indices>, std::int64_t>, "MaxUnpool: the indices are 64-bit integers");
        return xnn::apply(Rule{}, std::move(x), std::move(indices));
    }
};

/// (Σ x^p)^(1 / p) over each window.
template <class Self, std::size_t Rank, Sizes K, LPPoolOptions O>
struct LPPoolLayer : Module<Self> {
    using Rule = AvgPoolRule<PoolWindowOf<Rank, K, O.stride, Sizes(0), Sizes(1), O.ceil_mode>, true, 0>;
    using expects = Expects<ExtentsOfAtLeast<K>>;

    double norm_type;

    /// Throws Error for a norm of 0.
    constexpr explicit LPPoolLayer(double p) : norm_type(p) {
        if (p == 0) fail("LPPool", "a norm_type other than 0", "0");
    }

    static constexpr bool accepts(const auto& x) { return Rule::accepts(x); }
    template <class X>
    constexpr auto forward(X x) const {
        constexpr auto window_size = static_cast<double>(product(K.template dims<Rank>()));
        const double p = is_meta<X> ? 2.0 : norm();
        return pow(xnn::apply(Rule{}, pow(std::move(x), p)) * window_size, 1 / p);
    }

private:
    constexpr double norm() const { return norm_type; }
};

template <std::size_t Rank, Sizes K, AvgPoolOptions O>
using AvgPoolRuleOf = AvgPoolRule<PoolWindowOf<Rank, K, O.stride, O.padding, Sizes(1), O.ceil_mode>, O.count_include_pad, O.divisor_override>;

}  // namespace detail

/// The largest element of each window: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
struct MaxPool1d : detail::MaxPoolLayer<MaxPool1d<KernelSize, Options>, 1, KernelSize, Options> {};
/// The largest element of each window: [*, height, width] → [*, height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
struct MaxPool2d : detail::MaxPoolLayer<MaxPool2d<KernelSize, Options>, 2, KernelSize, Options> {};
/// The largest element of each window: [*, depth, height, width] → [*, depth', height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
struct MaxPool3d : detail::MaxPoolLayer<MaxPool3d<KernelSize, Options>, 3, KernelSize, Options> {};
/// The mean of each window: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
struct AvgPool1d : detail::PoolLayer<AvgPool1d<KernelSize, Options>, detail::AvgPoolRuleOf<1, KernelSize, Options>, KernelSize> {};
/// The mean of each window: [*, height, width] → [*, height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
struct AvgPool2d : detail::PoolLayer<AvgPool2d<KernelSize, Options>, detail::AvgPoolRuleOf<2, KernelSize, Options>, KernelSize> {};
/// The mean of each window: [*, depth, height, width] → [*, depth', height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
struct AvgPool3d : detail::PoolLayer<AvgPool3d<KernelSize, Options>, detail::AvgPoolRuleOf<3, KernelSize, Options>, KernelSize> {};
/// Puts maxima back to their places, with zeros elsewhere; Error for an index outside of its plane: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
template <Sizes KernelSize, MaxUnpoolOptions Options = MaxUnpoolOptions{}>
struct MaxUnpool1d : detail::MaxUnpoolLayer<MaxUnpool1d<KernelSize, Options>, 1, KernelSize, Options> {};
/// Puts maxima back to their places, with zeros elsewhere; Error for an index outside of its plane: [*, height, width] → [*, height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
template <Sizes KernelSize, MaxUnpoolOptions Options = MaxUnpoolOptions{}>
struct MaxUnpool2d : detail::MaxUnpoolLayer<MaxUnpool2d<KernelSize, Options>, 2, KernelSize, Options> {};
/// Puts maxima back to their places, with zeros elsewhere; Error for an index outside of its plane: [*, depth, height, width] → [*, depth', height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
template <Sizes KernelSize, MaxUnpoolOptions Options = MaxUnpoolOptions{}>
struct MaxUnpool3d : detail::MaxUnpoolLayer<MaxUnpool3d<KernelSize, Options>, 3, KernelSize, Options> {};
/// (Σ x^p)^(1 / p) over each window, `LPPool1d<3> pool{p}`: [*, length] → [*, length'].
/// https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
template <Sizes KernelSize, LPPoolOptions Options = LPPoolOptions{}>
struct LPPool1d : detail::LPPoolLayer<LPPool1d<KernelSize, Options>, 1, KernelSize, Options> {
    using detail::LPPoolLayer<LPPool1d, 1, KernelSize, Options>::LPPoolLayer;
};
/// (Σ x^p)^(1 / p) over each window, `LPPool2d<3> pool{p}`: [*, height, width] → [*, height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
template <Sizes KernelSize, LPPoolOptions Options = LPPoolOptions{}>
struct LPPool2d : detail::LPPoolLayer<LPPool2d<KernelSize, Options>, 2, KernelSize, Options> {
    using detail::LPPoolLayer<LPPool2d, 2, KernelSize, Options>::LPPoolLayer;
};
/// (Σ x^p)^(1 / p) over each window, `LPPool3d<3> pool{p}`: [*, depth, height, width] → [*, depth', height', width'].
/// https://pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
template <Sizes KernelSize, LPPoolOptions Options = LPPoolOptions{}>
struct LPPool3d : detail::LPPoolLayer<LPPool3d<KernelSize, Options>, 3, KernelSize, Options> {
    using detail::LPPoolLayer<LPPool3d, 3, KernelSize, Options>::LPPoolLayer;
};

/// The layers as functions, for chains: `x | nn::max_pool2d<2>`.
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
inline constexpr MaxPool1d<KernelSize, Options> max_pool1d{};
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
inline constexpr MaxPool2d<KernelSize, Options> max_pool2d{};
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}>
inline constexpr MaxPool3d<KernelSize, Options> max_pool3d{};
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
inline constexpr AvgPool1d<KernelSize, Options> avg_pool1d{};
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
inline constexpr AvgPool2d<KernelSize, Options> avg_pool2d{};
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}>
inline constexpr AvgPool3d<KernelSize, Options> avg_pool3d{};

}  // namespace xnn::nn
