// Activations, element by element. https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions
#pragma once

#include "xnn/expr/functors/activation.hpp"
#include "xnn/expr/functors/piecewise.hpp"
#include "xnn/ops/operators.hpp"

namespace xnn {

#define XNN_UNARY(name, Functor)                                                      \
    template <Array X>                                                                \
    constexpr auto name(X&& x) { return map(functors::Functor{}, std::forward<X>(x)); }

/// max(x, 0)
XNN_UNARY(relu, Relu)
/// min(max(x, 0), 6)
XNN_UNARY(relu6, Relu6)
/// 1 / (1 + exp(-x))
XNN_UNARY(sigmoid, Sigmoid)
/// log(1 / (1 + exp(-x)))
XNN_UNARY(logsigmoid, LogSigmoid)
/// x sigmoid(x)
XNN_UNARY(silu, Silu)
/// x tanh(softplus(x))
XNN_UNARY(mish, Mish)
/// x / (1 + |x|)
XNN_UNARY(softsign, Softsign)
/// x - tanh(x)
XNN_UNARY(tanhshrink, Tanhshrink)
/// min(max(x + 3, 0), 6) / 6
XNN_UNARY(hardsigmoid, Hardsigmoid)
/// x hardsigmoid(x)
XNN_UNARY(hardswish, Hardswish)
/// A scaled ELU that keeps mean 0 and variance 1
XNN_UNARY(selu, Selu)

/// How GELU is computed.
enum class GeluApproximation : bool { none, tanh };
/// x Φ(x), Φ the normal distribution function; or its approximation by tanh
template <GeluApproximation Approximate = GeluApproximation::none, Array X>
constexpr auto gelu(X&& x) {
    using Functor = std::conditional_t<Approximate == GeluApproximation::none, functors::Gelu, functors::GeluTanh>;
    return map(Functor{}, std::forward<X>(x));
}
/// x, or alpha (exp(x) - 1) below 0
template <Array X>
constexpr auto elu(X&& x, double alpha = 1) { return map(functors::Elu{alpha}, std::forward<X>(x)); }
/// x, or alpha (exp(x / alpha) - 1) below 0
template <Array X>
constexpr auto celu(X&& x, double alpha = 1) { return map(functors::Celu{alpha}, std::forward<X>(x)); }
/// x, or negative_slope x below 0
template <Array X>
constexpr auto leaky_relu(X&& x, double negative_slope = 0.01) { return map(functors::LeakyRelu{negative_slope}, std::forward<X>(x)); }
/// x, or weight x below 0; the weight broadcasts
template <Array X, Operand W>
constexpr auto prelu(X&& x, W&& weight) { return map(functors::Prelu{}, std::forward<X>(x), std::forward<W>(weight)); }
/// min(max(x, min_val), max_val)
template <Array X>
constexpr auto hardtanh(X&& x, double min_val = -1, double max_val = 1) { return map(functors::Hardtanh{min_val, max_val}, std::forward<X>(x)); }
/// x above the threshold, else the value
template <Array X>
constexpr auto threshold(X&& x, double threshold, double value) { return map(functors::Threshold{threshold, value}, std::forward<X>(x)); }
/// x, or 0 within [-lambd, lambd]
template <Array X>
constexpr auto hardshrink(X&& x, double lambd = 0.5) { return map(functors::Hardshrink{lambd}, std::forward<X>(x)); }
/// x moved towards 0 by lambd
template <Array X>
constexpr auto softshrink(X&& x, double lambd = 0.5) { return map(functors::Softshrink{lambd}, std::forward<X>(x)); }
/// log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold
template <Array X>
constexpr auto softplus(X&& x, double beta = 1, double threshold = 20) { return map(functors::Softplus{beta, threshold}, std::forward<X>(x)); }

#undef XNN_UNARY

}  // namespace xnn
