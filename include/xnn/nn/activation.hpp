// Activations. https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity
#pragma once

#include "xnn/expr/functors/activation.hpp"
#include "xnn/expr/functors/arithmetic.hpp"
#include "xnn/expr/functors/piecewise.hpp"
#include "xnn/expr/functors/trigonometric.hpp"
#include "xnn/expr/random_leaf.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/ops/glu.hpp"
#include "xnn/ops/reshape.hpp"
#include "xnn/ops/softmax.hpp"

namespace xnn::nn {

namespace detail {

/// A layer that applies a functor to each element: [*] → [*]. The functor holds the layer's options.
template <class Self, class F>
struct Elementwise : Module<Self> {
    XNN_NO_UNIQUE_ADDRESS F functor{};

    constexpr Elementwise() = default;
    constexpr explicit Elementwise(F f) : functor(f) {}
    constexpr auto forward(auto x) const {
        if constexpr (is_meta<decltype(x)>)
            return xnn::map(F{}, std::move(x));  // whose cost is a constant: it may not look at the object
        else
            return xnn::map(functor, std::move(x));
    }
};

/// The same with PyTorch's `inplace`, which is printed and changes nothing: activations are done where their argument stands
/// whenever nobody needs it any more.
template <class Self, class F>
struct InplaceElementwise : Elementwise<Self, F> {
    bool inplace = false;

    constexpr InplaceElementwise() = default;
    constexpr explicit InplaceElementwise(bool in_place) : inplace(in_place) {}
    constexpr explicit InplaceElementwise(F f, bool in_place = false) : Elementwise<Self, F>(f), inplace(in_place) {}
};

}  // namespace detail

// ---- without options

/// max(x, 0). https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html
struct ReLU : detail::InplaceElementwise<ReLU, functors::Relu> {
    using InplaceElementwise::InplaceElementwise;
};
/// min(max(x, 0), 6). https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html
struct ReLU6 : detail::InplaceElementwise<ReLU6, functors::Relu6> {
    using InplaceElementwise::InplaceElementwise;
};
/// 1 / (1 + exp(-x)). https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
struct Sigmoid : detail::Elementwise<Sigmoid, functors::Sigmoid> {};
/// log(1 / (1 + exp(-x))). https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
struct LogSigmoid : detail::Elementwise<LogSigmoid, functors::LogSigmoid> {};
/// x sigmoid(x). https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html
struct SiLU : detail::InplaceElementwise<SiLU, functors::Silu> {
    using InplaceElementwise::InplaceElementwise;
};
/// tanh(x). https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html
struct Tanh : detail::Elementwise<Tanh, functors::Tanh> {};
/// x - tanh(x). https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html
struct Tanhshrink : detail::Elementwise<Tanhshrink, functors::Tanhshrink> {};
/// x Φ(x), Φ the distribution function of the normal distribution.
/// https://pytorch.org/docs/stable/generated/torch.nn.GELU.html
struct GELU : detail::Elementwise<GELU, functors::Gelu> {};
/// GELU with approximate="tanh": x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.
struct GELUTanh : detail::Elementwise<GELUTanh, functors::GeluTanh> {};
/// λ (max(x, 0) + min(α (exp(x) - 1), 0)). https://pytorch.org/docs/stable/generated/torch.nn.SELU.html
struct SELU : detail::InplaceElementwise<SELU, functors::Selu> {
    using InplaceElementwise::InplaceElementwise;
};
/// x tanh(softplus(x)). https://pytorch.org/docs/stable/generated/torch.nn.Mish.html
struct Mish : detail::InplaceElementwise<Mish, functors::Mish> {
    using InplaceElementwise::InplaceElementwise;
};
/// relu6(x + 3) / 6. https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
struct Hardsigmoid : detail::Elementwise<Hardsigmoid, functors::Hardsigmoid> {};
/// x relu6(x + 3) / 6. https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
struct Hardswish : detail::Elementwise<Hardswish, functors::Hardswish> {};
/// x / (1 + |x|). https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html
struct Softsign : detail::Elementwise<Softsign, functors::Softsign> {};

// ---- with options, which are arguments in PyTorch's order: `nn::LeakyReLU act{0.2}`

/// x for x > 0, else negative_slope x. https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
struct LeakyReLU : detail::InplaceElementwise<LeakyReLU, functors::LeakyRelu> {
    constexpr LeakyReLU() = default;
    constexpr explicit LeakyReLU(double negative_slope, bool in_place = false) : InplaceElementwise(functors::LeakyRelu{negative_slope}, in_place) {}
};
/// x for x > 0, else alpha (exp(x) - 1). https://pytorch.org/docs/stable/generated/torch.nn.ELU.html
struct ELU : detail::InplaceElementwise<ELU, functors::Elu> {
    constexpr ELU() = default;
    constexpr explicit ELU(double alpha, bool in_place = false) : InplaceElementwise(functors::Elu{alpha}, in_place) {}
};
/// x for x > 0, else alpha (exp(x / alpha) - 1). https://pytorch.org/docs/stable/generated/torch.nn.CELU.html
struct CELU : detail::InplaceElementwise<CELU, functors::Celu> {
    constexpr CELU() = default;
    constexpr explicit CELU(double alpha, bool in_place = false) : InplaceElementwise(functors::Celu{alpha}, in_place) {
        if (alpha == 0) fail("CELU", "an alpha other than 0", "0");
    }
};
/// x outside [-lambd, lambd], 0 inside. https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
struct Hardshrink : detail::Elementwise<Hardshrink, functors::Hardshrink> {
    constexpr Hardshrink() = default;
    constexpr explicit Hardshrink(double lambd) : Elementwise(functors::Hardshrink{lambd}) {}
};
/// x moved by lambd towards 0, and 0 within. https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
struct Softshrink : detail::Elementwise<Softshrink, functors::Softshrink> {
    constexpr Softshrink() = default;
    constexpr explicit Softshrink(double lambd) : Elementwise(functors::Softshrink{lambd}) {
        if (!(lambd >= 0)) fail("Softshrink", "a lambd of at least 0", std::to_string(lambd));
    }
};
/// x limited to [min_val, max_val]. https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
struct Hardtanh : detail::InplaceElementwise<Hardtanh, functors::Hardtanh> {
    constexpr Hardtanh() = default;
    constexpr Hardtanh(double min_val, double max_val, bool in_place = false) : InplaceElementwise(functors::Hardtanh{min_val, max_val}, in_place) {
        if (!(max_val > min_val)) fail("Hardtanh", "a max_val above min_val", std::to_string(max_val) + " with " + std::to_string(min_val));
    }
};
/// log(1 + exp(beta x)) / beta, and x where beta x > threshold.
/// https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html
struct Softplus : detail::Elementwise<Softplus, functors::Softplus> {
    constexpr Softplus() = default;
    constexpr explicit Softplus(double beta, double threshold = 20) : Elementwise(functors::Softplus{beta, threshold}) {}
};
/// x where it exceeds the threshold, value elsewhere. https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html
struct Threshold : detail::InplaceElementwise<Threshold, functors::Threshold> {
    constexpr Threshold(double threshold, double value, bool in_place = false) : InplaceElementwise(functors::Threshold{threshold, value}, in_place) {}
};

namespace detail {

/// A slope for each element, uniform on [lower, upper); out of training their mean.
struct UniformSlope {
    double lower, upper, otherwise;
    template <class V>
    XNN_INLINE V operator()(V u) const { return functors::detail::constant<V>(lower) + functors::detail::constant<V>(upper - lower) * u; }
};

}  // namespace detail

/// x for x > 0, else a x, where a is drawn for each element from [lower, upper), or their mean out of training.
/// https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html
struct RReLU : Module<RReLU> {
    double lower = 1.0 / 8;
    double upper = 1.0 / 3;
    bool training = true;

    constexpr RReLU() {}
    constexpr RReLU(double lower_slope, double upper_slope) : lower(lower_slope), upper(upper_slope) {
        if (!(lower <= upper)) fail("RReLU", "an upper of at least lower", std::to_string(upper) + " with " + std::to_string(lower));
    }

    template <class X>
    constexpr auto forward(X x) const {
        if constexpr (is_meta<X>) {
            return xnn::map(functors::Rrelu{lower, upper}, std::move(x));
        } else {
            const detail::UniformSlope slope{lower, upper, (lower + upper) / 2};
            const auto shape = x.shape();
            return xnn::map(functors::Prelu{}, std::move(x),
                            RandomLeaf<value_t<X>, shape_t<X>, device_t<X>, detail::UniformSlope>(shape, training, slope));
        }
    }
};

/// x for x > 0, else weight x with a learned weight, one for all or one for each channel (dimension 1).
/// State: weight [num_parameters]. https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
template <index_t NumParameters = 1, Floating T = float, class Device = DefaultDevice>
struct PReLU : Module<PReLU<NumParameters, T, Device>> {
    using expects = Expects<Shape<dyn, NumParameters>>;

    Parameter<T, Shape<NumParameters>, Device> weight;

    PReLU() : PReLU(0.25) {}
    explicit PReLU(double init) { weight.value().fill(static_cast<T>(static_cast<compute_t<T>>(init))); }

    template <class Self, class F>
    static constexpr void visit_own_members(Self& self, F&& f) { f("weight", self.weight); }

    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (NumParameters == 1)
            return true;
        else
            return R >= 2 && fits(x[1], NumParameters);
    }
    template <class X>
    constexpr auto forward(X x) const {
        if constexpr (NumParameters == 1)
            return xnn::map(functors::Prelu{}, std::move(x), weight);
        else
            return xnn::map(functors::Prelu{}, std::move(x), along_channels(std::make_index_sequence<shape_t<X>::rank - 2>{}));
    }

private:
    template <std::size_t... I>
    constexpr auto along_channels(std::index_sequence<I...>) const {
        return xnn::functional::reshape<NumParameters, ((void)I, 1)...>(weight);
    }
};

// ---- over a dimension

/// exp(x) / Σ exp(x), the sum over dimension Dim. https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html
template <index_t Dim = -1>
struct Softmax : Module<Softmax<Dim>> {
    constexpr auto forward(auto x) const { return xnn::functional::softmax<Dim>(std::move(x)); }
};
/// x - log Σ exp(x), the sum over dimension Dim. https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
template <index_t Dim = -1>
struct LogSoftmax : Module<LogSoftmax<Dim>> {
    constexpr auto forward(auto x) const { return xnn::functional::log_softmax<Dim>(std::move(x)); }
};
/// softmax(-x). https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html
template <index_t Dim = -1>
struct Softmin : Module<Softmin<Dim>> {
    constexpr auto forward(auto x) const { return xnn::functional::softmax<Dim>(xnn::map(functors::Negate{}, std::move(x))); }
};
/// Softmax over the channels of images: [*, channels, height, width].
/// https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
struct Softmax2d : Module<Softmax2d> {
    using expects = Expects<Shape<dyn, dyn, dyn, dyn>>;
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>&) { return R == 3 || R == 4; }
    constexpr auto forward(auto x) const { return xnn::functional::softmax<-3>(std::move(x)); }
};

/// a sigmoid(b), where a and b are the halves of dimension Dim. https://pytorch.org/docs/stable/generated/torch.nn.GLU.html
template <index_t Dim = -1>
struct GLU : Module<GLU<Dim>> {
    constexpr auto forward(auto x) const { return xnn::functional::glu<Dim>(std::move(x)); }
};

// ---- the layers as functions, for chains: `x | nn::relu`, `nn::relu(x)`

inline constexpr ReLU relu{};
inline constexpr ReLU6 relu6{};
inline constexpr Sigmoid sigmoid{};
inline constexpr LogSigmoid logsigmoid{};
inline constexpr SiLU silu{};
inline constexpr Tanh tanh{};
inline constexpr Tanhshrink tanhshrink{};
inline constexpr GELU gelu{};
inline constexpr GELUTanh gelu_tanh{};
inline constexpr SELU selu{};
inline constexpr Mish mish{};
inline constexpr Hardsigmoid hardsigmoid{};
inline constexpr Hardswish hardswish{};
inline constexpr Softsign softsign{};
inline constexpr LeakyReLU leaky_relu{};
inline constexpr ELU elu{};
inline constexpr CELU celu{};
inline constexpr Hardshrink hardshrink{};
inline constexpr Softshrink softshrink{};
inline constexpr Hardtanh hardtanh{};
inline constexpr Softplus softplus{};
template <index_t Dim = -1>
inline constexpr Softmax<Dim> softmax{};
template <index_t Dim = -1>
inline constexpr LogSoftmax<Dim> log_softmax{};
template <index_t Dim = -1>
inline constexpr Softmin<Dim> softmin{};
template <index_t Dim = -1>
inline constexpr GLU<Dim> glu{};

}  // namespace xnn::nn
