// Root mean square normalisation. https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
#pragma once

#include <limits>

#include "xnn/nn/normalization.hpp"
#include "xnn/ops/rms_norm.hpp"

namespace xnn::nn {

/// The arguments of an RMS normalisation that decide what it holds, with PyTorch's names and defaults.
struct RMSNormOptions {
    bool elementwise_affine = true;
};

/// y = x / √(mean(x²) + eps) weight with the mean over the last dimensions, those of NormalizedShape: [*, NormalizedShape…] → the
/// same. `RMSNorm<Shape<64>> norm{eps}`; without eps it is the distance from 1 to the next number of the type that is
/// computed in. State: weight [NormalizedShape…].
template <AnyShape NormalizedShape, RMSNormOptions Options = RMSNormOptions{}, Floating T = float, class Device = Cpu>
struct RMSNorm : Module<RMSNorm<NormalizedShape, Options, T, Device>> {
    static_assert(NormalizedShape::is_static, "the normalised extents are numbers");
    using expects = Expects<NormalizedShape>;  // as last dimensions

    detail::OptionalParameter<Options.elementwise_affine, T, NormalizedShape, Device> weight;
    double eps;

    RMSNorm() : RMSNorm(static_cast<double>(std::numeric_limits<compute_t<T>>::epsilon())) {}
    explicit RMSNorm(double epsilon) : eps(epsilon) { reset_parameters(); }

    void reset_parameters() { detail::fill_present(weight, 1); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) {
        detail::visit_present("weight", self.weight, f);
    }

    static constexpr bool accepts(const auto& x) { return RmsNormRule<NormalizedShape>::accepts(x); }
    constexpr auto forward(auto x) const {
        RmsNormRule<NormalizedShape> rule{};
        if constexpr (!is_meta<decltype(x)>) rule.eps = eps;
        if constexpr (Options.elementwise_affine)
            return xnn::functional::rms_norm(std::move(x), rule, weight);
        else
            return xnn::functional::rms_norm(std::move(x), rule);
    }
};

}  // namespace xnn::nn
