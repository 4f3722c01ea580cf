// Local response normalisation. https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
#pragma once

#include "xnn/cpu/channel_mean.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/pointwise.hpp"

namespace xnn {

/// The mean over Size neighbouring channels, those outside counted as 0: x [batch, channels, d…] → the same. Of an even
/// number of channels one more stands before than behind.
template <index_t Size>
struct ChannelMeanRule {
    static constexpr std::string_view name = "local_response_norm";
    static constexpr index_t before = Size / 2, after = (Size - 1) / 2;

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return R >= 3; }

    NothingSaved forward(auto&, auto y, auto x) const {
        const auto n = x.shape.extents();
        channel_mean(typename decltype(y)::device{}, x.data, y.data, false, n[0], n[1], product_or_dyn(n, 2, n.size()), before, after);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto n = x.shape.extents();
        if (const auto gx = get<0>(targets))
            channel_mean(typename decltype(x)::device{}, gy, gx.data, gx.accumulate, n[0], n[1], product_or_dyn(n, 2, n.size()), after, before);
    }
};

namespace functional {

/// x / (k + alpha mean(x²))^beta with the mean over Size neighbouring channels.
template <index_t Size, Operand X>
constexpr auto local_response_norm(X&& x, double alpha = 1e-4, double beta = 0.75, double k = 1) {
    auto node = operand(std::forward<X>(x));
    auto means = apply(ChannelMeanRule<Size>{}, square(node));
    return node / pow(std::move(means) * alpha + k, beta);
}

}  // namespace functional

}  // namespace xnn
