// Recurrent networks: layers of one or two directions, with dropout between them.
//
// Each layer works on rows in the order of SequenceRows; the padded arrays of the caller are put into this order at the
// bottom and back at the top, unless they stand in it already.
#pragma once

#include "xnn/core/generator.hpp"
#include "xnn/cpu/rnn/direction.hpp"

namespace xnn::kernels {

struct RnnExtents {
    index_t steps;
    index_t batch;
    index_t input;
    index_t hidden;
    index_t state;       ///< hidden, or what the state is projected to
    index_t layers;
    index_t directions;  ///< 1 or 2
    bool batch_first;
    bool has_lengths;

    constexpr RnnWidths widths(index_t layer) const { return {layer == 0 ? input : output_width(), hidden, state}; }
    constexpr index_t output_width() const { return directions * state; }
    constexpr index_t most_rows() const { return steps * batch; }
    /// Whether the padded arrays stand in the order of the rows.
    constexpr bool as_stored() const { return !has_lengths && (!batch_first || batch == 1 || steps == 1); }
};

/// Dropout of the outputs of all layers but the last: 0 with probability p, else divided by 1 - p. The masks are functions of
/// the stream.
struct RnnDropout {
    RandomStream stream;
    double p = 0;

    static constexpr index_t numbers_of_layer(const RnnExtents& e) { return divide_up(e.most_rows() * e.output_width(), 4) * 4; }
};

/// What a layer keeps. Its input is the caller's, the output of the layer below, or `copy`.
template <class T>
struct RnnLayer {
    const T* input = nullptr;
    T* copy = nullptr;
    T* output = nullptr;
    RnnKept<T> kept[2];
};

/// What is computed from, null where absent: x [steps, batch, input], h_0 [layers directions, batch, state] and c_0 […, hidden]
/// (absent: 0); parameters of each direction of each layer.
template <class T>
struct RnnArguments {
    const T* x;
    const T* h_0;
    const T* c_0;
    const RnnParameters<const T*>* parameters;
};
/// The results, or their gradients: output [steps, batch, directions state], h_n and c_n as h_0 and c_0. States may be null.
template <class T>
struct RnnResults {
    T* output;
    T* h_n;
    T* c_n;
};
template <class T>
struct RnnGradients {
    RnnGradient<T> x, h_0, c_0;
    const RnnParameters<RnnGradient<T>>* parameters;
};

/// Takes from `memory` what a forward pass keeps: an arena, or what counts the bytes of one.
template <RnnMode Mode, class T, class Memory>
constexpr void reserve_rnn(Memory& memory, const RnnExtents& e, bool dropout, SequenceRows& order, RnnLayer<T>* layers) {
    constexpr auto take = [](Memory& from, index_t n) { return from.template allocate<T>(n); };
    order.steps = e.steps;
    order.batch = e.batch;
    order.batch_first = e.batch_first;
    order.first = memory.template allocate<index_t>(e.steps + 1);
    order.sequence = memory.template allocate<index_t>(e.batch);
    order.length = memory.template allocate<index_t>(e.batch);
    const index_t rows = e.most_rows();
    for (index_t l = 0; l < e.layers; ++l) {
        RnnLayer<T>& layer = layers[l];
        const RnnWidths w = e.widths(l);
        if (l == 0 ? !e.as_stored() : dropout) layer.copy = take(memory, rows * w.input);
        if (l + 1 < e.layers || !e.as_stored()) layer.output = take(memory, rows * e.output_width());
        for (index_t d = 0; d < e.directions; ++d) {
            RnnKept<T>& kept = layer.kept[d];
            kept.gates = take(memory, rows * gates_of(Mode) * e.hidden);
            if (Mode == RnnMode::lstm || Mode == RnnMode::gru) kept.cell = take(memory, rows * e.hidden);
            if (w.projected()) kept.hidden = take(memory, rows * e.hidden);
            kept.start_state = take(memory, e.batch * e.state);
            if (Mode == RnnMode::lstm) kept.start_cell = take(memory, e.batch * e.hidden);
        }
    }
}

inline namespace XNN_SIMD_ARCH {

/// The numbers of T that rnn_forward and rnn_backward take beside what is kept.
template <RnnMode Mode, class T>
constexpr index_t rnn_forward_scratch(const RnnExtents& e) {
    index_t most = 0;
    for (index_t l = 0; l < e.layers; ++l) most = std::max(most, rnn_detail::Direction<Mode, T>::forward_scratch(e.widths(l), e.batch));
    return most;
}
template <RnnMode Mode, class T>
constexpr index_t rnn_backward_scratch(const RnnExtents& e) {
    index_t most = 0;
    for (index_t l = 0; l < e.layers; ++l) most = std::max(most, rnn_detail::Direction<Mode, T>::backward_scratch(e.widths(l), e.batch, e.most_rows()));
    const index_t gathered = e.as_stored() ? 0 : e.most_rows() * (e.input + e.output_width());
    return most + gathered + e.most_rows() * e.output_width() * std::min<index_t>(e.layers - 1, 2);
}

/// to = from × mask, where the mask begins at number `first` of the stream.
template <class T>
void drop_out(const RnnDropout& dropout, index_t first, index_t n, const T* from, T* to) {
    const auto p = static_cast<float>(dropout.p);
    const T scale = dropout.p < 1 ? static_cast<T>(1 / (1 - dropout.p)) : T(0);
    parallel_chunks(n, index_t{1} << 14, [=, &dropout](index_t begin, index_t end) {
        for (index_t i = begin; i < end; i += 4) {
            const auto words = dropout.stream.group((first + i) / 4);
            for (index_t k = 0; k < std::min<index_t>(4, end - i); ++k) {
                const float u = static_cast<float>(words[static_cast<std::size_t>(k)] >> 8) * 0x1p-24F;
                to[i + k] = u < p ? T(0) : from[i + k] * scale;
            }
        }
    });
}

/// The output and the final states of all layers. `order` and `layers` are reserve_rnn's, the rows in their order already.
/// https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
template <RnnMode Mode, class T>
void rnn_forward(Cpu, const RnnExtents& e, const RnnDropout& dropout, const SequenceRows& order, RnnLayer<T>* layers, const RnnArguments<T>& arguments,
                 const RnnResults<T>& results, T* scratch) {
    const index_t width = e.output_width();
    for (index_t l = 0; l < e.layers; ++l) {
        RnnLayer<T>& layer = layers[l];
        layer.input = l == 0 ? arguments.x : layers[l - 1].output;
        if (layer.copy != nullptr) {
            if (l == 0)
                gather_rows(order, e.input, layer.input, layer.copy);
            else
                drop_out(dropout, (l - 1) * RnnDropout::numbers_of_layer(e), order.rows() * width, layer.input, layer.copy);
            layer.input = layer.copy;
        }
        if (layer.output == nullptr) layer.output = results.output;
        for (index_t d = 0; d < e.directions; ++d) {
            const index_t number = l * e.directions + d;
            const RnnKept<T>& kept = layer.kept[d];
            const auto of_direction = [=](auto* all, index_t n) { return all == nullptr ? nullptr : all + number * e.batch * n; };
            rnn_detail::Direction<Mode, T> direction(order, e.widths(l), arguments.parameters[number], kept, layer.input, layer.output + d * e.state,
                                                     width, d == 1);
            direction.load_places(of_direction(arguments.h_0, e.state), e.state, kept.start_state);
            if (Mode == RnnMode::lstm) direction.load_places(of_direction(arguments.c_0, e.hidden), e.hidden, kept.start_cell);
            direction.forward(scratch);
            if (results.h_n != nullptr) direction.final(layer.output + d * e.state, width, e.state, of_direction(results.h_n, e.state));
            if (results.c_n != nullptr) direction.final(kept.cell, e.hidden, e.hidden, of_direction(results.c_n, e.hidden));
        }
    }
    if (const T* top = layers[e.layers - 1].output; top != results.output) scatter_rows(order, width, top, results.output, false);
}

/// The gradients of rnn_forward, through all steps back. Gradients of the results may be null, which means 0; but that of the
/// output is there.
template <RnnMode Mode, class T>
void rnn_backward(Cpu, const RnnExtents& e, const RnnDropout& dropout, const SequenceRows& order, const RnnLayer<T>* layers,
                  const RnnArguments<T>& arguments, const RnnResults<const T>& results, const RnnGradients<T>& gradients, T* scratch) {
    const index_t width = e.output_width(), most_rows = e.most_rows();
    const auto take = [&](index_t n) { return std::exchange(scratch, scratch + n); };
    const T* above = results.output;
    T* gathered_x = nullptr;
    if (!e.as_stored()) {
        T* const gathered = take(most_rows * width);
        gather_rows(order, width, results.output, gathered);
        above = gathered;
        gathered_x = take(most_rows * e.input);
    }
    T* between[2] = {};
    for (index_t i = 0; i < std::min<index_t>(e.layers - 1, 2); ++i) between[i] = take(most_rows * width);

    for (index_t l = e.layers; l-- > 0;) {
        const RnnLayer<T>& layer = layers[l];
        RnnGradient<T> below{l > 0 ? between[(l - 1) % 2] : nullptr, false};
        if (l == 0) below = gathered_x == nullptr ? gradients.x : RnnGradient<T>{gradients.x.data ? gathered_x : nullptr, false};
        for (index_t d = 0; d < e.directions; ++d) {
            const index_t number = l * e.directions + d;
            const auto of_direction = [=](auto* all, index_t n) { return all == nullptr ? nullptr : all + number * e.batch * n; };
            rnn_detail::Direction<Mode, T> direction(order, e.widths(l), arguments.parameters[number], layer.kept[d], layer.input,
                                                     layer.output + d * e.state, width, d == 1);
            direction.backward(scratch, above + d * e.state, of_direction(results.h_n, e.state), of_direction(results.c_n, e.hidden),
                               gradients.parameters[number], {below.data, below.accumulate || d == 1},
                               {of_direction(gradients.h_0.data, e.state), gradients.h_0.accumulate},
                               {of_direction(gradients.c_0.data, e.hidden), gradients.c_0.accumulate});
        }
        if (l > 0 && layer.copy != nullptr)
            drop_out(dropout, (l - 1) * RnnDropout::numbers_of_layer(e), order.rows() * width, below.data, below.data);
        above = below.data;
    }
    if (gathered_x != nullptr && gradients.x.data) scatter_rows(order, e.input, gathered_x, gradients.x.data, gradients.x.accumulate);
}

}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
