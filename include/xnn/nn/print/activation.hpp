// Arguments of activations.
#pragma once

#include "xnn/nn/activation.hpp"
#include "xnn/nn/print/text.hpp"

namespace xnn::nn::detail {

inline std::string arguments(const GELU&) { return "approximate='none'"; }
inline std::string arguments(const GELUTanh&) { return "approximate='tanh'"; }
/// What follows the other arguments of a layer that has PyTorch's inplace.
template <class Layer>
std::string inplace_argument(const Layer& layer, const std::string& others = "") {
    return layer.inplace ? others + (others.empty() ? "" : ", ") + "inplace=True" : others;
}
inline std::string arguments(const ReLU& layer) { return inplace_argument(layer); }
inline std::string arguments(const ReLU6& layer) { return inplace_argument(layer); }
inline std::string arguments(const SiLU& layer) { return inplace_argument(layer); }
inline std::string arguments(const SELU& layer) { return inplace_argument(layer); }
inline std::string arguments(const Mish& layer) { return inplace_argument(layer); }
inline std::string arguments(const LeakyReLU& layer) { return inplace_argument(layer, "negative_slope=" + number(layer.functor.negative_slope)); }
inline std::string arguments(const ELU& layer) { return inplace_argument(layer, "alpha=" + number(layer.functor.alpha)); }
inline std::string arguments(const CELU& layer) { return inplace_argument(layer, "alpha=" + number(layer.functor.alpha)); }
inline std::string arguments(const Hardshrink& layer) { return number(layer.functor.lambd); }
inline std::string arguments(const Softshrink& layer) { return number(layer.functor.lambd); }
inline std::string arguments(const Hardtanh& layer) {
    return inplace_argument(layer, "min_val=" + number(layer.functor.min_val) + ", max_val=" + number(layer.functor.max_val));
}
inline std::string arguments(const Softplus& layer) { return "beta=" + number(layer.functor.beta) + ", threshold=" + number(layer.functor.threshold); }
inline std::string arguments(const Threshold& layer) {
    return inplace_argument(layer, "threshold=" + number(layer.functor.threshold) + ", value=" + number(layer.functor.value));
}
inline std::string arguments(const RReLU& layer) { return "lower=" + number(layer.lower) + ", upper=" + number(layer.upper); }
template <index_t N, class T, class D>
std::string arguments(const PReLU<N, T, D>&) { return "num_parameters=" + std::to_string(N); }

/// Layers over a dimension.
template <index_t Dim>
std::string arguments(const Softmax<Dim>&) { return "dim=" + std::to_string(Dim); }
template <index_t Dim>
std::string arguments(const LogSoftmax<Dim>&) { return "dim=" + std::to_string(Dim); }
template <index_t Dim>
std::string arguments(const Softmin<Dim>&) { return "dim=" + std::to_string(Dim); }
template <index_t Dim>
std::string arguments(const GLU<Dim>&) { return "dim=" + std::to_string(Dim); }

}  // namespace xnn::nn::detail
