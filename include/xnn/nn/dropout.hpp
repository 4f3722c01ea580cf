// Dropout layers. https://pytorch.org/docs/stable/nn.html#dropout-layers
#pragma once

#include "xnn/expr/functors/arithmetic.hpp"
#include "xnn/expr/random_leaf.hpp"
#include "xnn/nn/module.hpp"

namespace xnn::nn {

namespace detail {

/// 0 with probability p, else 1 / (1 - p); out of training 1.
struct DropoutFactor {
    double p, scale;
    static constexpr double otherwise = 1;
    template <class V>
    XNN_INLINE V operator()(V u) const {
        return math::select(u < functors::detail::constant<V>(p), V(0), functors::detail::constant<V>(scale));
    }
};

/// What the dropouts share: a factor for each position of the first Dims dimensions, or of all (0).
template <class Self, std::size_t Dims>
struct DropoutLayer : Module<Self> {
    double p;
    bool training = true;

    constexpr explicit DropoutLayer(double probability) : p(probability) {
        if (!(p >= 0 && p <= 1)) fail("Dropout", "a probability in [0, 1]", std::to_string(p));
    }

    template <class X>
    constexpr auto forward(X x) const {
        if constexpr (is_meta<X>) {
            return xnn::map(functors::Multiply{}, std::move(x), 1.0);
        } else {
            const auto shape = apply_rule<Mask>(x.shape());
            const DropoutFactor factor{p, p < 1 ? 1 / (1 - p) : 0};
            using S = std::remove_cvref_t<decltype(shape)>;
            return xnn::map(functors::Multiply{}, std::move(x),
                            RandomLeaf<value_t<X>, S, device_t<X>, DropoutFactor>(shape, training && p > 0, factor));
        }
    }

private:
    struct Mask {
        template <std::size_t R>
        static constexpr auto extents(xnn::Dims<R> x) {
            for (std::size_t i = Dims; Dims > 0 && i < R; ++i) x[i] = 1;
            return x;
        }
    };
};

}  // namespace detail

/// In training each element is 0 with probability p, else divided by 1 - p; out of training nothing happens. The mask is
/// computed from the default generator's numbers, forward and back, and never stored.
/// https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
struct Dropout : detail::DropoutLayer<Dropout, 0> {
    constexpr Dropout() : Dropout(0.5) {}
    constexpr explicit Dropout(double probability) : DropoutLayer(probability) {}
};

/// Dropout of whole channels: [batch, channels, d…]. https://pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
struct Dropout1d : detail::DropoutLayer<Dropout1d, 2> {
    using expects = Expects<Shape<dyn, dyn, dyn>>;
    constexpr Dropout1d() : Dropout1d(0.5) {}
    constexpr explicit Dropout1d(double probability) : DropoutLayer(probability) {}
    static constexpr bool accepts(const auto& x) { return x.size() == 3; }
};
/// Dropout of whole channels: [batch, channels, height, width].
/// https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
struct Dropout2d : detail::DropoutLayer<Dropout2d, 2> {
    using expects = Expects<Shape<dyn, dyn, dyn, dyn>>;
    constexpr Dropout2d() : Dropout2d(0.5) {}
    constexpr explicit Dropout2d(double probability) : DropoutLayer(probability) {}
    static constexpr bool accepts(const auto& x) { return x.size() == 4; }
};

}  // namespace xnn::nn
