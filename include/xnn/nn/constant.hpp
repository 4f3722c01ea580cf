// Small networks whose parameters are constants, and which the compiler itself can run:
//
//     constexpr nn::Constant<nn::Sequential<nn::Linear<2, 2>, nn::Tanh, nn::Linear<2, 1>>> xor_net{
//         {{{4, 4}, {3, 3}}, {-2, -5}}, {}, {{{2, -2}}, {-2}}};
//     static_assert(xor_net({1, 0})[0] > 0);
//
// A trained model's is to_constant(model); printed, it is such a list of braces.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ostream>
#include <tuple>

#include "xnn/core/constant_math.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"

namespace xnn::nn {

/// M with its parameters inside the object, as literals: a linear layer, ReLU, Tanh, Sigmoid, Identity, or a Sequential of
/// them that begins with a linear layer. It is called with an array of features, and returns one: the model's answer, to a
/// few units in the last place.
template <class M>
struct Constant;

namespace detail {

/// Writes a number so that it is the same when a compiler reads it.
template <class T>
void print_constant(std::ostream& out, T number) {
    if (!std::isfinite(number)) fail("Constant", "finite parameters", std::to_string(number));
    char text[32];
    out.write(text, std::to_chars(text, text + sizeof text, number).ptr - text);
}
template <class T, std::size_t N>
void print_constant(std::ostream& out, const T (&list)[N]) {
    for (std::size_t i = 0; i < N; ++i) {
        out << (i == 0 ? "{" : ", ");
        print_constant(out, list[i]);
    }
    out << '}';
}

/// x Wᵀ, started from a bias or from nothing, summed up in double.
template <class T, std::size_t Out, std::size_t In>
constexpr std::array<T, Out> multiply_constant(const T (&weight)[Out][In], const std::array<T, In>& x, const T* bias) {
    std::array<T, Out> y{};
    for (std::size_t i = 0; i < Out; ++i) {
        double sum = bias ? static_cast<double>(bias[i]) : 0;
        for (std::size_t j = 0; j < In; ++j) sum += static_cast<double>(weight[i][j]) * static_cast<double>(x[j]);
        y[i] = static_cast<T>(sum);
    }
    return y;
}

/// An activation: F is a function of one number.
template <class F>
struct ConstantActivation {
    static constexpr index_t in_features = 0;  // as many as there are
    template <class T, std::size_t N>
    constexpr std::array<T, N> operator()(std::array<T, N> x) const {
        for (T& value : x) value = static_cast<T>(F{}(value));
        return x;
    }
    friend std::ostream& operator<<(std::ostream& out, const ConstantActivation&) { return out << "{}"; }
};

struct ConstantRelu {
    constexpr auto operator()(auto x) const { return x < 0 ? 0 : x; }  // NaN stays
};
struct ConstantTanh {
    constexpr double operator()(double x) const { return xnn::detail::constant_tanh(x); }
};
struct ConstantSigmoid {
    constexpr double operator()(double x) const { return xnn::detail::constant_sigmoid(x); }
};
struct ConstantIdentity {
    constexpr auto operator()(auto x) const { return x; }
};

/// Layers one after the other, from layer I on.
template <std::size_t I = 0, class Layers, class X>
constexpr auto run_constants(const Layers& layers, const X& x) {
    if constexpr (I == Layers::size)
        return x;
    else
        return run_constants<I + 1>(layers, get<I>(layers)(x));
}

}  // namespace detail

/// weight [out, in] and bias [out], as Linear's.
template <index_t InFeatures, index_t OutFeatures, class T, class Device>
struct Constant<Linear<InFeatures, OutFeatures, true, T, Device>> {
    using value_type = T;
    static constexpr index_t in_features = InFeatures;
    T weight[OutFeatures][InFeatures];
    T bias[OutFeatures];

    constexpr auto operator()(const std::array<T, InFeatures>& x) const { return detail::multiply_constant(weight, x, bias); }

    static Constant of(const Linear<InFeatures, OutFeatures, true, T, Device>& layer) {
        Constant result;
        for (index_t i = 0; i < OutFeatures; ++i) std::copy_n(layer.weight.data() + i * InFeatures, InFeatures, result.weight[i]);
        std::copy_n(layer.bias.data(), OutFeatures, result.bias);
        return result;
    }
    friend std::ostream& operator<<(std::ostream& out, const Constant& layer) {
        out << '{';
        detail::print_constant(out, layer.weight);
        detail::print_constant(out << ", ", layer.bias);
        return out << '}';
    }
};
/// weight [out, in] alone.
template <index_t InFeatures, index_t OutFeatures, class T, class Device>
struct Constant<Linear<InFeatures, OutFeatures, false, T, Device>> {
    using value_type = T;
    static constexpr index_t in_features = InFeatures;
    T weight[OutFeatures][InFeatures];

    constexpr auto operator()(const std::array<T, InFeatures>& x) const {
        return detail::multiply_constant(weight, x, static_cast<const T*>(nullptr));
    }

    static Constant of(const Linear<InFeatures, OutFeatures, false, T, Device>& layer) {
        Constant result;
        for (index_t i = 0; i < OutFeatures; ++i) std::copy_n(layer.weight.data() + i * InFeatures, InFeatures, result.weight[i]);
        return result;
    }
    friend std::ostream& operator<<(std::ostream& out, const Constant& layer) {
        detail::print_constant(out << '{', layer.weight);
        return out << '}';
    }
};

template <>
struct Constant<ReLU> : detail::ConstantActivation<detail::ConstantRelu> {
    static constexpr Constant of(const ReLU&) { return {}; }
};
template <>
struct Constant<Tanh> : detail::ConstantActivation<detail::ConstantTanh> {
    static constexpr Constant of(const Tanh&) { return {}; }
};
template <>
struct Constant<Sigmoid> : detail::ConstantActivation<detail::ConstantSigmoid> {
    static constexpr Constant of(const Sigmoid&) { return {}; }
};
template <>
struct Constant<Identity> : detail::ConstantActivation<detail::ConstantIdentity> {
    static constexpr Constant of(const Identity&) { return {}; }
};

/// The layers' constants, in order; an activation's is {}.
template <class... L>
struct Constant<Sequential<L...>> {
    using First = Constant<typename detail::unnamed<std::tuple_element_t<0, std::tuple<L...>>>::type>;
    using value_type = typename First::value_type;
    static constexpr index_t in_features = First::in_features;
    Tuple<Constant<typename detail::unnamed<L>::type>...> layers;

    constexpr Constant(Constant<typename detail::unnamed<L>::type>... layer) : layers{std::move(layer)...} {}

    constexpr auto operator()(const std::array<value_type, in_features>& x) const { return detail::run_constants(layers, x); }

    static Constant of(const Sequential<L...>& model) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return Constant(Constant<typename detail::unnamed<L>::type>::of(get<I>(model.layers))...);
        }(std::index_sequence_for<L...>{});
    }
    friend std::ostream& operator<<(std::ostream& out, const Constant& model) {
        for_each_index<sizeof...(L)>([&](auto i) { out << (i == 0 ? "{" : ", ") << get<i>(model.layers); });
        return out << '}';
    }
};

/// A model's parameters as they are now. Printed, they are what a Constant<M> is initialised with in a source.
template <AnyModule M>
Constant<M> to_constant(const M& model) {
    return Constant<M>::of(model);
}

}  // namespace xnn::nn
