// Softmax and its logarithm over one dimension.
// https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
#pragma once

#include "xnn/cpu/softmax.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn {

/// exp(x) / Σ exp(x), or its logarithm, with the sum over dimension Dim; a negative one counts from the end.
template <index_t Dim, bool Log>
struct SoftmaxRule {
    static constexpr std::string_view name = Log ? "log_softmax" : "softmax";

    template <std::size_t R>
    static constexpr Dims<R> extents(const Dims<R>& x) { return x; }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return normalize_dim(Dim, R) < R; }

    NothingSaved forward(auto&, auto y, auto x) const {
        constexpr typename decltype(x)::device device;
        const auto [outer, n, inner] = AroundDim::of(x.shape.extents(), Dim);
        if constexpr (Log)
            log_softmax_forward(device, x.data, y.data, outer, n, inner);
        else
            softmax_forward(device, x.data, y.data, outer, n, inner);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T* y, auto x) const {
        constexpr typename decltype(x)::device device;
        const auto [outer, n, inner] = AroundDim::of(x.shape.extents(), Dim);
        const auto gx = get<0>(targets);
        if constexpr (Log)
            log_softmax_backward(device, y, gy, gx.data, gx.accumulate, outer, n, inner);
        else
            softmax_backward(device, y, gy, gx.data, gx.accumulate, outer, n, inner);
    }
};

namespace functional {

/// exp(x) / Σ exp(x), the sum over dimension Dim.
template <index_t Dim, Operand X>
constexpr auto softmax(X&& x) { return apply(SoftmaxRule<Dim, false>{}, std::forward<X>(x)); }
/// x - log Σ exp(x), the sum over dimension Dim.
template <index_t Dim, Operand X>
constexpr auto log_softmax(X&& x) { return apply(SoftmaxRule<Dim, true>{}, std::forward<X>(x)); }

}  // namespace functional

using functional::log_softmax;
using functional::softmax;

}  // namespace xnn
