// Single steps of recurrent layers. https://pytorch.org/docs/stable/nn.html#recurrent-layers
#pragma once

#include "xnn/nn/rnn_weights.hpp"

namespace xnn::nn {

namespace detail {

/// The spec of a cell.
constexpr RnnSpec cell_spec(RnnMode mode, index_t input_size, index_t hidden_size, bool bias) {
    RnnSpec spec{mode, input_size, hidden_size};
    spec.bias = bias;
    spec.single_step = true;
    return spec;
}

/// What the cells share.
template <class Self, RnnSpec Spec, Floating T, class Device>
struct RecurrentCell : Module<Self>, RnnWeights<Spec, Spec.input_size, T, Device> {
    static_assert(Spec.input_size > 0 && Spec.hidden_size > 0, "a recurrent cell's sizes are positive");
    using expects = Expects<Shape<dyn, Spec.input_size>>;
    using Weights = RnnWeights<Spec, Spec.input_size, T, Device>;
    static constexpr RnnSpec spec = Spec;

    RecurrentCell() = default;

    template <class Cell, class F>
    static constexpr void visit_own_members(Cell& self, F&& f) {
        Weights::visit(self, [&](auto kind, auto& parameter) { f(rnn_kinds[static_cast<std::size_t>(kind())], parameter); });
    }

    template <class... State>
    static constexpr bool accepts(const auto& x, const State&... state) {
        if constexpr (sizeof...(State) == 0 || sizeof...(State) == (Spec.has_cell() ? 2 : 1))
            return fits_spec(std::make_index_sequence<Spec.parameters_of_direction()>{}, x, state...);
        else
            return false;
    }

    /// x, or x and the states before.
    template <class X, class... State>
    constexpr auto forward(X x, State... state) const {
        return this->pass_to([&](const auto&... parameters) {
            return recurrent(RnnRule<called_with(Spec, sizeof...(State) > 0)>{}, std::move(x), std::move(state)..., parameters...);
        });
    }

private:
    template <std::size_t... I, class... State>
    static constexpr bool fits_spec(std::index_sequence<I...>, const auto& x, const State&... state) {
        return RnnRule<called_with(Spec, sizeof...(State) > 0)>::accepts(x, state..., ((void)I, Dims<0>{})...);
    }
};

}  // namespace detail

/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it: `h = cell(x, h)`; without h it is 0. x [batch, input_size] or
/// [input_size] → [batch, hidden_size]. State: weight_ih [hidden_size, input_size], weight_hh [hidden_size, hidden_size],
/// bias_ih, bias_hh [hidden_size]. https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
template <index_t InputSize, index_t HiddenSize, bool Bias = true, Nonlinearity N = Nonlinearity::tanh, Floating T = float, class Device = DefaultDevice>
struct RNNCell : detail::RecurrentCell<RNNCell<InputSize, HiddenSize, Bias, N, T, Device>,
                                       detail::cell_spec(detail::rnn_mode<N>(), InputSize, HiddenSize, Bias), T, Device> {
    RNNCell() = default;
};

/// One step of an LSTM: `auto [h, c] = cell(x, h, c)`; without h and c they are 0. State as RNNCell's with 4 hidden_size rows.
/// https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
template <index_t InputSize, index_t HiddenSize, bool Bias = true, Floating T = float, class Device = DefaultDevice>
struct LSTMCell : detail::RecurrentCell<LSTMCell<InputSize, HiddenSize, Bias, T, Device>,
                                        detail::cell_spec(RnnMode::lstm, InputSize, HiddenSize, Bias), T, Device> {
    LSTMCell() = default;
};

/// One step of a GRU: `h = cell(x, h)`; without h it is 0. State as RNNCell's with 3 hidden_size rows.
/// https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
template <index_t InputSize, index_t HiddenSize, bool Bias = true, Floating T = float, class Device = DefaultDevice>
struct GRUCell : detail::RecurrentCell<GRUCell<InputSize, HiddenSize, Bias, T, Device>,
                                       detail::cell_spec(RnnMode::gru, InputSize, HiddenSize, Bias), T, Device> {
    GRUCell() = default;
};

}  // namespace xnn::nn
