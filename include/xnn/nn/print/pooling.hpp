// Arguments of poolings.
#pragma once

#include "xnn/nn/adaptive_pooling.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/nn/print/text.hpp"

namespace xnn::nn::detail {

template <Sizes K, MaxPoolOptions O>
std::string max_pool_arguments() {
    return "kernel_size=" + given(K) + ", stride=" + given(O.stride == Sizes(0) ? K : O.stride) + ", padding=" + given(O.padding) +
           ", dilation=" + given(O.dilation) + ", ceil_mode=" + flag(O.ceil_mode);
}
template <Sizes K, AvgPoolOptions O>
std::string avg_pool_arguments() {
    return "kernel_size=" + given(K) + ", stride=" + given(O.stride == Sizes(0) ? K : O.stride) + ", padding=" + given(O.padding);
}
/// Layers that print each size as a tuple: AvgPool1d, and reversed max poolings.
template <std::size_t Rank, Sizes K, auto Options>
std::string pool_arguments_as_tuples() {
    return "kernel_size=" + sizes<Rank>(K) + ", stride=" + sizes<Rank>(Options.stride == Sizes(0) ? K : Options.stride) + ", padding=" + sizes<Rank>(Options.padding);
}
template <Sizes K, MaxPoolOptions O>
std::string arguments(const MaxPool1d<K, O>&) { return max_pool_arguments<K, O>(); }
template <Sizes K, MaxPoolOptions O>
std::string arguments(const MaxPool2d<K, O>&) { return max_pool_arguments<K, O>(); }
template <Sizes K, MaxPoolOptions O>
std::string arguments(const MaxPool3d<K, O>&) { return max_pool_arguments<K, O>(); }
template <Sizes K, AvgPoolOptions O>
std::string arguments(const AvgPool1d<K, O>&) { return pool_arguments_as_tuples<1, K, O>(); }
template <Sizes K, AvgPoolOptions O>
std::string arguments(const AvgPool2d<K, O>&) { return avg_pool_arguments<K, O>(); }
template <Sizes K, AvgPoolOptions O>
std::string arguments(const AvgPool3d<K, O>&) { return avg_pool_arguments<K, O>(); }

template <Sizes K, MaxUnpoolOptions O>
std::string arguments(const MaxUnpool1d<K, O>&) { return pool_arguments_as_tuples<1, K, O>(); }
template <Sizes K, MaxUnpoolOptions O>
std::string arguments(const MaxUnpool2d<K, O>&) { return pool_arguments_as_tuples<2, K, O>(); }
template <Sizes K, MaxUnpoolOptions O>
std::string arguments(const MaxUnpool3d<K, O>&) { return pool_arguments_as_tuples<3, K, O>(); }
template <class Self, std::size_t Rank, Sizes K, LPPoolOptions O>
std::string lp_pool_arguments(const LPPoolLayer<Self, Rank, K, O>& pool) {
    return "norm_type=" + number(pool.norm_type) + ", kernel_size=" + given(K) + ", stride=" + (O.stride == Sizes(0) ? "None" : given(O.stride)) +
           ", ceil_mode=" + flag(O.ceil_mode);
}
template <class Layer>
    requires requires(const Layer& layer) { lp_pool_arguments(layer); }
std::string arguments(const Layer& layer) { return lp_pool_arguments(layer); }

template <Sizes Output>
std::string arguments(const AdaptiveAvgPool1d<Output>&) { return "output_size=" + given(Output); }
template <Sizes Output, bool ReturnIndices>
std::string arguments(const AdaptiveMaxPool1d<Output, ReturnIndices>&) { return "output_size=" + given(Output); }
template <Sizes Output>
std::string arguments(const AdaptiveAvgPool2d<Output>&) { return "output_size=" + given(Output); }
template <Sizes Output, bool ReturnIndices>
std::string arguments(const AdaptiveMaxPool2d<Output, ReturnIndices>&) { return "output_size=" + given(Output); }
template <Sizes Output>
std::string arguments(const AdaptiveAvgPool3d<Output>&) { return "output_size=" + given(Output); }
template <Sizes Output, bool ReturnIndices>
std::string arguments(const AdaptiveMaxPool3d<Output, ReturnIndices>&) { return "output_size=" + given(Output); }

}  // namespace xnn::nn::detail
