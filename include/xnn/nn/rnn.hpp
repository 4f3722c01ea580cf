// Recurrent layers. https://pytorch.org/docs/stable/nn.html#recurrent-layers
#pragma once

#include "xnn/nn/rnn_weights.hpp"
#include "xnn/nn/utils/rnn.hpp"

namespace xnn::nn {

/// The arguments of recurrent layers that decide about types, with PyTorch's names and defaults.
struct RNNOptions {
    index_t num_layers = 1;
    Nonlinearity nonlinearity = Nonlinearity::tanh;
    bool bias = true;
    bool batch_first = false;
    bool bidirectional = false;
};
struct LSTMOptions {
    index_t num_layers = 1;
    bool bias = true;
    bool batch_first = false;
    bool bidirectional = false;
    index_t proj_size = 0;
};
struct GRUOptions {
    index_t num_layers = 1;
    bool bias = true;
    bool batch_first = false;
    bool bidirectional = false;
};

namespace detail {

/// The name of a parameter in a state dict: weight_ih_l0, bias_hh_l1_reverse.
struct RnnName {
    char text[40] = {};
    std::size_t length = 0;

    constexpr RnnName(std::string_view kind, index_t layer, bool reverse) {
        append(kind);
        append("_l");
        if (layer >= 10) text[length++] = static_cast<char>('0' + layer / 10);
        text[length++] = static_cast<char>('0' + layer % 10);
        if (reverse) append("_reverse");
    }
    constexpr operator std::string_view() const { return {text, length}; }

private:
    constexpr void append(std::string_view more) {
        for (const char c : more) text[length++] = c;
    }
};
template <RnnKind Kind, index_t Layer, bool Reverse>
inline constexpr RnnName rnn_name{rnn_kinds[static_cast<std::size_t>(Kind)], Layer, Reverse};

/// The parameters of a layer's call: those of some directions, then those of the next ones.
template <std::size_t I, std::size_t N, class Layer, class F, class... Before>
constexpr auto pass_parameters(const Layer& layer, const F& f, const Before&... before) {
    if constexpr (I == N)
        return f(before...);
    else
        return layer.template weights<I>().pass_to([&](const auto&... own) { return pass_parameters<I + 1, N>(layer, f, before..., own...); });
}

/// What RNN, LSTM and GRU share.
template <class Self, RnnSpec Spec, Floating T, class Device>
struct RecurrentLayer : Module<Self> {
    static_assert(Spec.input_size > 0 && Spec.hidden_size > 0, "a recurrent layer's sizes are positive");
    static_assert(Spec.num_layers >= 1 && Spec.num_layers < 100, "num_layers is at least 1");
    static_assert(Spec.proj_size >= 0 && Spec.proj_size < Spec.hidden_size, "proj_size is smaller than hidden_size");
    using expects = Expects<Shape<dyn, dyn, Spec.input_size>>;
    static constexpr RnnSpec spec = Spec;

    double dropout;
    bool training = true;

    RecurrentLayer() : RecurrentLayer(0) {}
    /// With this probability of dropout between layers.
    explicit RecurrentLayer(double probability) : dropout(probability) {
        if (!(probability >= 0 && probability <= 1)) fail("RNN", "a dropout in [0, 1]", std::to_string(probability));
    }

    /// The parameters of a layer's direction: `lstm.weights<0>().weight_ih`; with two directions 2 layer + direction.
    template <std::size_t Number>
    constexpr auto& weights() { return weights_of<Number>(*this); }
    template <std::size_t Number>
    constexpr const auto& weights() const { return weights_of<Number>(*this); }

    template <class Layer, class F>
    static constexpr void visit_own_members(Layer& self, F&& f) {
        for_each_index<static_cast<std::size_t>(Spec.states())>([&](auto number) {
            auto& weights = weights_of<number>(self);
            std::remove_cvref_t<decltype(weights)>::visit(weights, [&](auto kind, auto& parameter) {
                constexpr index_t directions = Spec.directions(), at = static_cast<index_t>(number());
                f(std::string_view(rnn_name<kind(), at / directions, at % directions == 1>), parameter);
            });
        });
    }

    template <class... State>
    static constexpr bool accepts(const auto& x, const State&... state) {
        if constexpr (state_count<sizeof...(State)>)
            return fits_spec(std::make_index_sequence<parameter_count>{}, x, state...);
        else
            return false;
    }

    /// x, or x and the initial states.
    template <class X, class... State>
    constexpr auto forward(X x, State... state) const {
        constexpr RnnSpec called = called_with(Spec, sizeof...(State) > 0);
        return pass_parameters<0, static_cast<std::size_t>(Spec.states())>(*this, [&](const auto&... parameters) {
            return recurrent(rule<called, X>(), std::move(x), std::move(state)..., parameters...);
        });
    }

    using Module<Self>::operator();
    /// Sequences of different lengths: output is packed as they are.
    template <class X, class L, bool BatchFirst, Operand... State>
    constexpr auto operator()(const utils::rnn::PackedSequence<X, L, BatchFirst>& packed, State&&... state) const {
        static_assert(state_count<sizeof...(State)>, "a recurrent layer takes all initial states or none");
        constexpr RnnSpec called = [] {
            RnnSpec all = called_with(Spec, sizeof...(State) > 0, true);
            all.batch_first = BatchFirst;
            return all;
        }();
        auto result = pass_parameters<0, static_cast<std::size_t>(Spec.states())>(*this, [&](const auto&... parameters) {
            auto of_lengths = rule<called, X>();
            of_lengths.enforce_sorted = packed.enforce_sorted;
            return recurrent(of_lengths, packed.data, packed.lengths, std::forward<State>(state)..., parameters...);
        });
        using Output = utils::rnn::PackedSequence<decltype(result.output), L, BatchFirst>;
        Output output{std::move(result.output), packed.lengths, packed.enforce_sorted};
        if constexpr (Spec.has_cell())
            return LSTMResult<Output, decltype(result.h_n), decltype(result.c_n)>{std::move(output), std::move(result.h_n), std::move(result.c_n)};
        else
            return RNNResult<Output, decltype(result.h_n)>{std::move(output), std::move(result.h_n)};
    }

private:
    static constexpr std::size_t parameter_count = static_cast<std::size_t>(Spec.states()) * Spec.parameters_of_direction();
    template <std::size_t N>
    static constexpr bool state_count = N == 0 || N == (Spec.has_cell() ? 2 : 1);

    template <RnnSpec Called, class X>
    constexpr RnnRule<Called> rule() const {
        RnnRule<Called> result;
        if constexpr (!is_meta<X>) result.dropout = training ? dropout : 0;  // a cost is a constant: it may not look at the object
        return result;
    }
    template <std::size_t... I, class... State>
    static constexpr bool fits_spec(std::index_sequence<I...>, const auto& x, const State&... state) {
        return RnnRule<called_with(Spec, sizeof...(State) > 0)>::accepts(x, state..., ((void)I, Dims<0>{})...);
    }
    template <std::size_t Number, class Layer>
    static constexpr auto& weights_of(Layer& self) {
        constexpr auto directions = static_cast<std::size_t>(Spec.directions());
        if constexpr (Number < directions)
            return self.first_[Number];
        else
            return self.rest_[Number - directions];
    }

    std::array<RnnWeights<Spec, Spec.input_size, T, Device>, static_cast<std::size_t>(Spec.directions())> first_;
    std::array<RnnWeights<Spec, Spec.output_size(), T, Device>, static_cast<std::size_t>((Spec.num_layers - 1) * Spec.directions())> rest_;
};

}  // namespace detail

/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh) step by step, or relu of it: `auto [output, h_n] = rnn(x)` or `rnn(x, h_0)`.
///
/// x [steps, batch, input_size], [batch, steps, input_size] if batch_first, or [steps, input_size] → output of the same form
/// with hidden_size times directions; h_0, h_n [num_layers directions, batch, hidden_size], without batch if x has none.
/// Steps and batch may be `dyn`. State: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, …_l0_reverse, …_l1, ….
/// `RNN<8, 16, RNNOptions{.num_layers = 2, .nonlinearity = Nonlinearity::relu}> rnn{0.5}` has dropout between its layers.
/// https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
template <index_t InputSize, index_t HiddenSize, RNNOptions O = RNNOptions{}, Floating T = float, class Device = DefaultDevice>
struct RNN : detail::RecurrentLayer<RNN<InputSize, HiddenSize, O, T, Device>,
                                    RnnSpec{detail::rnn_mode<O.nonlinearity>(), InputSize, HiddenSize, 0, O.num_layers, O.bias, O.batch_first, O.bidirectional}, T, Device> {
    using RNN::RecurrentLayer::RecurrentLayer;
};

/// c' = f c + i g, h' = o tanh(c') with the gates i, f, o = σ(…) and g = tanh(…) of W_ih x + b_ih + W_hh h + b_hh:
/// `auto [output, h_n, c_n] = lstm(x)` or `lstm(x, h_0, c_0)`. Shapes and names as with RNN; c_0 and c_n are
/// [num_layers directions, batch, hidden_size]. With proj_size h' = W_hr (o tanh(c')), and h_0, h_n and output are that wide.
/// https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
template <index_t InputSize, index_t HiddenSize, LSTMOptions O = LSTMOptions{}, Floating T = float, class Device = DefaultDevice>
struct LSTM : detail::RecurrentLayer<LSTM<InputSize, HiddenSize, O, T, Device>,
                                     RnnSpec{RnnMode::lstm, InputSize, HiddenSize, O.proj_size, O.num_layers, O.bias, O.batch_first, O.bidirectional}, T, Device> {
    using LSTM::RecurrentLayer::RecurrentLayer;
};

/// h' = (1 - z) n + z h with r, z = σ(…) and n = tanh(W_in x + b_in + r (W_hn h + b_hn)). Shapes and names as with RNN.
/// https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
template <index_t InputSize, index_t HiddenSize, GRUOptions O = GRUOptions{}, Floating T = float, class Device = DefaultDevice>
struct GRU : detail::RecurrentLayer<GRU<InputSize, HiddenSize, O, T, Device>,
                                    RnnSpec{RnnMode::gru, InputSize, HiddenSize, 0, O.num_layers, O.bias, O.batch_first, O.bidirectional}, T, Device> {
    using GRU::RecurrentLayer::RecurrentLayer;
};

}  // namespace xnn::nn
