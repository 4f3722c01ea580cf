// The layers as functions of their arguments and parameters, named as in torch.nn.functional, here nn::functional or nn::F.
// https://pytorch.org/docs/stable/nn.functional.html
//
// What decides about types is a template argument, as in
// `F::conv2d<nn::ConvOptions{.stride = 2}>(x, weight, bias)`; numbers are arguments.
#pragma once

#include "xnn/nn/activation.hpp"
#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/dropout.hpp"
#include "xnn/nn/fold.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/padding.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/nn/sparse.hpp"
#include "xnn/ops/activation.hpp"
#include "xnn/ops/attention.hpp"
#include "xnn/ops/embedding.hpp"
#include "xnn/ops/glu.hpp"
#include "xnn/ops/linear.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/rms_norm.hpp"
#include "xnn/ops/softmax.hpp"

namespace xnn::functional {

using xnn::celu;
using xnn::elu;
using xnn::gelu;
using xnn::hardshrink;
using xnn::hardsigmoid;
using xnn::hardswish;
using xnn::hardtanh;
using xnn::leaky_relu;
using xnn::logsigmoid;
using xnn::mish;
using xnn::prelu;
using xnn::relu;
using xnn::relu6;
using xnn::selu;
using xnn::sigmoid;
using xnn::silu;
using xnn::softplus;
using xnn::softshrink;
using xnn::softsign;
using xnn::tanh;
using xnn::tanhshrink;
using xnn::threshold;

}  // namespace xnn::functional

namespace xnn::nn {

namespace functional {

// The activations above, linear, embedding, pad, softmax, log_softmax, glu, scaled_dot_product_attention, mse_loss, l1_loss, smooth_l1_loss, huber_loss,
// binary_cross_entropy, binary_cross_entropy_with_logits, kl_div, local_response_norm
using namespace xnn::functional;

/// softmax(-x)
template <index_t Dim, Operand X>
constexpr auto softmin(X&& x) { return Softmin<Dim>{}(std::forward<X>(x)); }

/// x [batch, in, length], weight [out, in / groups, kernel], optionally bias [out].
template <ConvOptions Options = ConvOptions{}, Operand X, Operand W, Operand... Bias>
constexpr auto conv1d(X&& x, W&& weight, Bias&&... bias) {
    return detail::convolve<1, Options>(std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}
/// x [batch, in, height, width], weight [out, in / groups, kernel…], optionally bias [out].
template <ConvOptions Options = ConvOptions{}, Operand X, Operand W, Operand... Bias>
constexpr auto conv2d(X&& x, W&& weight, Bias&&... bias) {
    return detail::convolve<2, Options>(std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}
/// x [batch, in, depth, height, width], weight [out, in / groups, kernel…], optionally bias [out].
template <ConvOptions Options = ConvOptions{}, Operand X, Operand W, Operand... Bias>
constexpr auto conv3d(X&& x, W&& weight, Bias&&... bias) {
    return detail::convolve<3, Options>(std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}

/// x [batch, in, length], weight [in, out / groups, kernel], optionally bias [out].
template <ConvTransposeOptions Options = ConvTransposeOptions{}, Operand X, Operand W, Operand... Bias>
constexpr auto conv_transpose1d(X&& x, W&& weight, Bias&&... bias) {
    return xnn::apply(typename detail::TransposedConvolution<1, Options>::Rule{}, std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}
/// x [batch, in, height, width], weight [in, out / groups, kernel…], optionally bias [out].
template <ConvTransposeOptions Options = ConvTransposeOptions{}, Operand X, Operand W, Operand... Bias>
constexpr auto conv_transpose2d(X&& x, W&& weight, Bias&&... bias) {
    return xnn::apply(typename detail::TransposedConvolution<2, Options>::Rule{}, std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}
/// x [batch, in, depth, height, width], weight [in, out / groups, kernel…], optionally bias [out].
template <ConvTransposeOptions Options = ConvTransposeOptions{}, Operand X, Operand W, Operand... Bias>
constexpr auto conv_transpose3d(X&& x, W&& weight, Bias&&... bias) {
    return xnn::apply(typename detail::TransposedConvolution<3, Options>::Rule{}, std::forward<X>(x), std::forward<W>(weight), std::forward<Bias>(bias)...);
}

/// The patches of images: see Unfold.
template <Sizes KernelSize, UnfoldOptions Options = UnfoldOptions{}, Operand X>
constexpr auto unfold(X&& x) { return Unfold<KernelSize, Options>{}(std::forward<X>(x)); }
/// Images from patches: see Fold.
template <Sizes OutputSize, Sizes KernelSize, FoldOptions Options = FoldOptions{}, Operand X>
constexpr auto fold(X&& x) { return Fold<OutputSize, KernelSize, Options>{}(std::forward<X>(x)); }

template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}, Operand X>
constexpr auto max_pool1d(X&& x) { return MaxPool1d<KernelSize, Options>{}(std::forward<X>(x)); }
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}, Operand X>
constexpr auto max_pool2d(X&& x) { return MaxPool2d<KernelSize, Options>{}(std::forward<X>(x)); }
template <Sizes KernelSize, MaxPoolOptions Options = MaxPoolOptions{}, Operand X>
constexpr auto max_pool3d(X&& x) { return MaxPool3d<KernelSize, Options>{}(std::forward<X>(x)); }
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}, Operand X>
constexpr auto avg_pool1d(X&& x) { return AvgPool1d<KernelSize, Options>{}(std::forward<X>(x)); }
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}, Operand X>
constexpr auto avg_pool2d(X&& x) { return AvgPool2d<KernelSize, Options>{}(std::forward<X>(x)); }
template <Sizes KernelSize, AvgPoolOptions Options = AvgPoolOptions{}, Operand X>
constexpr auto avg_pool3d(X&& x) { return AvgPool3d<KernelSize, Options>{}(std::forward<X>(x)); }
template <Sizes KernelSize, MaxUnpoolOptions Options = MaxUnpoolOptions{}, Operand X, Operand Indices>
constexpr auto max_unpool1d(X&& x, Indices&& indices) { return MaxUnpool1d<KernelSize, Options>{}(std::forward<X>(x), std::forward<Indices>(indices)); }
template <Sizes KernelSize, MaxUnpoolOptions Options = MaxUnpoolOptions{}, Operand X, Operand Indices>
constexpr auto max_unpool2d(X&& x, Indices&& indices) { return MaxUnpool2d<KernelSize, Options>{}(std::forward<X>(x), std::forward<Indices>(indices)); }
template <Sizes KernelSize, MaxUnpoolOptions Options = MaxUnpoolOptions{}, Operand X, Operand Indices>
constexpr auto max_unpool3d(X&& x, Indices&& indices) { return MaxUnpool3d<KernelSize, Options>{}(std::forward<X>(x), std::forward<Indices>(indices)); }
template <Sizes KernelSize, LPPoolOptions Options = LPPoolOptions{}, Operand X>
constexpr auto lp_pool1d(X&& x, double norm_type) { return LPPool1d<KernelSize, Options>{norm_type}(std::forward<X>(x)); }
template <Sizes KernelSize, LPPoolOptions Options = LPPoolOptions{}, Operand X>
constexpr auto lp_pool2d(X&& x, double norm_type) { return LPPool2d<KernelSize, Options>{norm_type}(std::forward<X>(x)); }
template <Sizes KernelSize, LPPoolOptions Options = LPPoolOptions{}, Operand X>
constexpr auto lp_pool3d(X&& x, double norm_type) { return LPPool3d<KernelSize, Options>{norm_type}(std::forward<X>(x)); }
template <Sizes OutputSize, Operand X>
constexpr auto adaptive_avg_pool1d(X&& x) { return AdaptiveAvgPool1d<OutputSize>{}(std::forward<X>(x)); }
template <Sizes OutputSize, Operand X>
constexpr auto adaptive_avg_pool2d(X&& x) { return AdaptiveAvgPool2d<OutputSize>{}(std::forward<X>(x)); }
template <Sizes OutputSize, Operand X>
constexpr auto adaptive_avg_pool3d(X&& x) { return AdaptiveAvgPool3d<OutputSize>{}(std::forward<X>(x)); }
template <Sizes OutputSize, bool ReturnIndices = false, Operand X>
constexpr auto adaptive_max_pool1d(X&& x) { return AdaptiveMaxPool1d<OutputSize, ReturnIndices>{}(std::forward<X>(x)); }
template <Sizes OutputSize, bool ReturnIndices = false, Operand X>
constexpr auto adaptive_max_pool2d(X&& x) { return AdaptiveMaxPool2d<OutputSize, ReturnIndices>{}(std::forward<X>(x)); }
template <Sizes OutputSize, bool ReturnIndices = false, Operand X>
constexpr auto adaptive_max_pool3d(X&& x) { return AdaptiveMaxPool3d<OutputSize, ReturnIndices>{}(std::forward<X>(x)); }

/// Over the last dimensions, those of NormalizedShape.
template <AnyShape NormalizedShape, Operand X>
constexpr auto layer_norm(X&& x, double eps = 1e-5) {
    return xnn::functional::layer_norm(std::forward<X>(x), LayerNormRule<NormalizedShape>{eps});
}
/// The same, times weight, plus bias.
template <AnyShape NormalizedShape, Operand X, Array W, Array B>
constexpr auto layer_norm(X&& x, W&& weight, B&& bias, double eps = 1e-5) {
    return xnn::functional::layer_norm(std::forward<X>(x), LayerNormRule<NormalizedShape>{eps}, std::forward<W>(weight), std::forward<B>(bias));
}

/// With the moments of each of NumGroups groups of neighbouring channels of each image; optionally times weight, plus bias.
template <index_t NumGroups, Operand X>
constexpr auto group_norm(X&& x, double eps = 1e-5) { return xnn::apply(GroupNormRule<NumGroups>{eps}, std::forward<X>(x)); }
template <index_t NumGroups, Operand X, Array W, Array B>
constexpr auto group_norm(X&& x, const W& weight, const B& bias, double eps = 1e-5) {
    return nn::detail::group_norm(operand(std::forward<X>(x)), GroupNormRule<NumGroups>{eps}, weight, bias);
}

/// Root mean square normalisation over the last dimensions, those of NormalizedShape; optionally times weight.
template <AnyShape NormalizedShape, Operand X, Operand... Weight>
    requires(sizeof...(Weight) <= 1)
constexpr auto rms_norm(X&& x, double eps, Weight&&... weight) {
    return xnn::functional::rms_norm(std::forward<X>(x), RmsNormRule<NormalizedShape>{eps}, std::forward<Weight>(weight)...);
}

/// Bags of rows of a parameter, see EmbeddingBag: `F::embedding_bag<EmbeddingBagOptions{…}>(indices, weight, offsets)`.
template <EmbeddingBagOptions Options = EmbeddingBagOptions{}, Operand I, class T, AnyShape S, class Device, Operand... Rest>
constexpr auto embedding_bag(I&& indices, const Parameter<T, S, Device>& weight, const EmbeddingOptions& numbers, Rest&&... rest) {
    detail::check_embedding("embedding_bag", numbers);
    return detail::look_up_bags<Options>(numbers, std::forward<I>(indices), weight, std::forward<Rest>(rest)...);
}
template <EmbeddingBagOptions Options = EmbeddingBagOptions{}, Operand I, class T, AnyShape S, class Device, Operand... Rest>
constexpr auto embedding_bag(I&& indices, const Parameter<T, S, Device>& weight, Rest&&... rest) {
    return embedding_bag<Options>(std::forward<I>(indices), weight, EmbeddingOptions{}, std::forward<Rest>(rest)...);
}

/// 0 with probability p, else divided by 1 - p, element by element, in training.
template <Operand X>
constexpr auto dropout(X&& x, double p = 0.5, bool training = true) {
    Dropout layer(p);
    layer.training = training;
    return layer(std::forward<X>(x));
}

/// Softmax and cross entropy of logits [batch, classes, d…] with class indices [batch, d…] or probabilities like the logits;
/// optionally a weight for each class.
template <Reduction R = Reduction::mean, Operand X, Operand Target, Operand... Weight>
constexpr auto cross_entropy(X&& input, Target&& target, const CrossEntropyLossOptions& options, Weight&&... weight) {
    return xnn::functional::cross_entropy<R>(std::forward<X>(input), std::forward<Target>(target),
                                             CrossEntropyRule<R>{{}, options.label_smoothing, options.ignore_index}, std::forward<Weight>(weight)...);
}
template <Reduction R = Reduction::mean, Operand X, Operand Target>
constexpr auto cross_entropy(X&& input, Target&& target) {
    return xnn::functional::cross_entropy<R>(std::forward<X>(input), std::forward<Target>(target));
}
/// The negative log-likelihood of log-probabilities; optionally a weight for each class.
template <Reduction R = Reduction::mean, Operand X, Operand Target, Operand... Weight>
constexpr auto nll_loss(X&& input, Target&& target, const NLLLossOptions& options, Weight&&... weight) {
    return xnn::functional::nll_loss<R>(std::forward<X>(input), std::forward<Target>(target), NllLossRule<R>{{}, options.ignore_index},
                                        std::forward<Weight>(weight)...);
}
template <Reduction R = Reduction::mean, Operand X, Operand Target>
constexpr auto nll_loss(X&& input, Target&& target) {
    return xnn::functional::nll_loss<R>(std::forward<X>(input), std::forward<Target>(target));
}

}  // namespace functional

namespace F = functional;

}  // namespace xnn::nn

namespace xnn::functional {
using namespace xnn::nn::functional;  // under `using namespace xnn` both names are for the same functions
}  // namespace xnn::functional
