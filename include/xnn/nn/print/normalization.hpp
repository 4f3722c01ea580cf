// Arguments of normalisations.
#pragma once

#include "xnn/nn/normalization.hpp"
#include "xnn/nn/print/text.hpp"
#include "xnn/nn/rms_norm.hpp"

namespace xnn::nn::detail {

/// Options are those of a batch or of an instance normalisation.
template <auto Options, class Norm>
std::string channel_norm_arguments(index_t channels, const Norm& norm) {
    return std::to_string(channels) + ", eps=" + number(norm.eps) + ", momentum=" + number(norm.momentum) + ", affine=" + flag(Options.affine) + ", bias=" + flag(Options.affine) +
           ", track_running_stats=" + flag(Options.track_running_stats);
}
template <index_t N, BatchNormOptions O, class T, class D>
std::string arguments(const BatchNorm1d<N, O, T, D>& norm) { return channel_norm_arguments<O>(N, norm); }
template <index_t N, BatchNormOptions O, class T, class D>
std::string arguments(const BatchNorm2d<N, O, T, D>& norm) { return channel_norm_arguments<O>(N, norm); }
template <index_t N, BatchNormOptions O, class T, class D>
std::string arguments(const BatchNorm3d<N, O, T, D>& norm) { return channel_norm_arguments<O>(N, norm); }
template <index_t N, InstanceNormOptions O, class T, class D>
std::string arguments(const InstanceNorm1d<N, O, T, D>& norm) { return channel_norm_arguments<O>(N, norm); }
template <index_t N, InstanceNormOptions O, class T, class D>
std::string arguments(const InstanceNorm2d<N, O, T, D>& norm) { return channel_norm_arguments<O>(N, norm); }
template <index_t N, InstanceNormOptions O, class T, class D>
std::string arguments(const InstanceNorm3d<N, O, T, D>& norm) { return channel_norm_arguments<O>(N, norm); }
template <index_t Groups, index_t N, bool Affine, class T, class D>
std::string arguments(const GroupNorm<Groups, N, Affine, T, D>& norm) {
    return std::to_string(Groups) + ", " + std::to_string(N) + ", eps=" + number(norm.eps) + ", affine=" + flag(Affine) + ", bias=" + flag(Affine);
}
template <class S, LayerNormOptions O, class T, class D>
std::string arguments(const LayerNorm<S, O, T, D>& norm) {
    return tuple(S::static_extents) + ", eps=" + number(norm.eps) + ", elementwise_affine=" + flag(O.elementwise_affine) + ", bias=" +
           flag(O.elementwise_affine && O.bias);
}
template <class S, RMSNormOptions O, class T, class D>
std::string arguments(const RMSNorm<S, O, T, D>& norm) {
    const bool given = norm.eps != static_cast<double>(std::numeric_limits<compute_t<T>>::epsilon());
    return tuple(S::static_extents) + ", eps=" + (given ? number(norm.eps) : "None") + ", elementwise_affine=" + flag(O.elementwise_affine);
}
template <index_t Size>
std::string arguments(const LocalResponseNorm<Size>& norm) {
    return std::to_string(Size) + ", alpha=" + number(norm.alpha) + ", beta=" + number(norm.beta) + ", k=" + number(norm.k);
}

}  // namespace xnn::nn::detail
