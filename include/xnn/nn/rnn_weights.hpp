// The parameters of recurrent layers and cells.
#pragma once

#include "xnn/nn/linear.hpp"
#include "xnn/ops/rnn.hpp"

namespace xnn::nn {

/// What an RNN bends its states with: tanh or relu.
using init::Nonlinearity;

namespace detail {

template <Nonlinearity N>
constexpr RnnMode rnn_mode() {
    static_assert(N == Nonlinearity::tanh || N == Nonlinearity::relu, "the nonlinearity of an RNN is tanh or relu");
    return N == Nonlinearity::tanh ? RnnMode::tanh : RnnMode::relu;
}

enum class RnnKind { weight_ih, weight_hh, bias_ih, bias_hh, weight_hr };
inline constexpr std::string_view rnn_kinds[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"};

/// The parameters of one direction of one layer, or of a cell. All begin uniform within 1 / √hidden_size.
template <RnnSpec Spec, index_t Input, Floating T, class Device>
struct RnnWeights {
    static constexpr index_t width = kernels::gates_of(Spec.mode) * Spec.hidden_size;
    template <bool Present, index_t... D>
    using Optional = std::conditional_t<Present, Parameter<T, Shape<D...>, Device>, NoBias>;

    // The parentheses are for nvcc, which takes the commas between the arguments for those between members.
    Parameter<T, Shape<width, Input>, Device> weight_ih = (make<true, width, Input>());
    Parameter<T, Shape<width, Spec.state_size()>, Device> weight_hh = (make<true, width, Spec.state_size()>());
    Optional<Spec.bias, width> bias_ih = (make<Spec.bias, width>());
    Optional<Spec.bias, width> bias_hh = (make<Spec.bias, width>());
    Optional<(Spec.proj_size > 0), Spec.proj_size, Spec.hidden_size> weight_hr = (make<(Spec.proj_size > 0), Spec.proj_size, Spec.hidden_size>());

    /// Calls f(kind, parameter) for each in PyTorch's order.
    template <class Self, class F>
    static constexpr void visit(Self& self, F&& f) {
        f(std::integral_constant<RnnKind, RnnKind::weight_ih>{}, self.weight_ih);
        f(std::integral_constant<RnnKind, RnnKind::weight_hh>{}, self.weight_hh);
        if constexpr (Spec.bias) {
            f(std::integral_constant<RnnKind, RnnKind::bias_ih>{}, self.bias_ih);
            f(std::integral_constant<RnnKind, RnnKind::bias_hh>{}, self.bias_hh);
        }
        if constexpr (Spec.proj_size > 0) f(std::integral_constant<RnnKind, RnnKind::weight_hr>{}, self.weight_hr);
    }
    /// f(parameters…) in PyTorch's order.
    template <class F>
    constexpr auto pass_to(F&& f) const {
        if constexpr (Spec.bias && Spec.proj_size > 0)
            return f(weight_ih, weight_hh, bias_ih, bias_hh, weight_hr);
        else if constexpr (Spec.bias)
            return f(weight_ih, weight_hh, bias_ih, bias_hh);
        else if constexpr (Spec.proj_size > 0)
            return f(weight_ih, weight_hh, weight_hr);
        else
            return f(weight_ih, weight_hh);
    }

private:
    template <bool Present, index_t... D>
    static auto make() {
        if constexpr (Present)
            return Parameter<T, Shape<D...>, Device>(init::default_for(Spec.hidden_size));
        else
            return NoBias{};
    }
};

/// The spec of a layer that is given this many states, and perhaps lengths.
constexpr RnnSpec called_with(RnnSpec spec, bool has_state, bool has_lengths = false) {
    spec.has_state = has_state;
    spec.has_lengths = has_lengths;
    return spec;
}

}  // namespace detail
}  // namespace xnn::nn
