// Recurrent networks on the device: layers of one or two directions, with dropout between them. Rows are [steps, batch, …].
#pragma once

#include "xnn/cpu/rnn.hpp"
#include "xnn/cuda/rnn/direction.hpp"

namespace xnn::kernels {

namespace rnn_rows {

template <class T, class D>
void drop_out(D device, const RnnDropout& dropout, index_t first, const Sequences& sequences, index_t width, const T* from, T* to) {
    const T scale = dropout.p < 1 ? static_cast<T>(1 / (1 - dropout.p)) : T(0);
    cuda::launch(device, sequences.steps * sequences.batch * width,
                 DropOut<T>{sequences, dropout.stream, first, width, static_cast<float>(dropout.p), scale, from, to});
}

/// What belongs to a direction in an array of all of them, [directions, batch, n]; null stays null.
template <class T>
T* of_direction(T* all, index_t number, index_t batch, index_t n) { return all == nullptr ? nullptr : all + number * batch * n; }

}  // namespace rnn_rows

/// As rnn_forward of the Cpu.
template <RnnMode Mode, class T, cuda::Device D>
void rnn_forward(D device, const RnnExtents& e, const RnnDropout& dropout, const SequenceRows& order, RnnLayer<T>* layers, const RnnArguments<T>& arguments,
                 const RnnResults<T>& results, T* scratch) {
    using namespace rnn_rows;
    const auto sequences = Sequences::of(order, e.has_lengths);
    const index_t width = e.output_width();
    for (index_t l = 0; l < e.layers; ++l) {
        RnnLayer<T>& layer = layers[l];
        layer.input = l == 0 ? arguments.x : layers[l - 1].output;
        if (layer.copy != nullptr) {
            if (l == 0)
                cuda::launch(device, e.most_rows() * e.input, Gather<T>{sequences, e.input, layer.input, layer.copy});
            else
                rnn_rows::drop_out(device, dropout, (l - 1) * RnnDropout::numbers_of_layer(e), sequences, width, layer.input, layer.copy);
            layer.input = layer.copy;
        }
        if (layer.output == nullptr) layer.output = results.output;
        for (index_t d = 0; d < e.directions; ++d) {
            const index_t number = l * e.directions + d;
            const RnnKept<T>& kept = layer.kept[d];
            load(device, of_direction(arguments.h_0, number, e.batch, e.state), e.batch * e.state, kept.start_state);
            if (Mode == RnnMode::lstm) load(device, of_direction(arguments.c_0, number, e.batch, e.hidden), e.batch * e.hidden, kept.start_cell);
            Direction<Mode, T, D>(sequences, e.widths(l), arguments.parameters[number], kept, layer.input, layer.output + d * e.state, width, d == 1)
                .forward(scratch, of_direction(results.h_n, number, e.batch, e.state), of_direction(results.c_n, number, e.batch, e.hidden));
        }
    }
    if (const T* top = layers[e.layers - 1].output; top != results.output)
        cuda::launch(device, e.most_rows() * width, Scatter<T>{sequences, width, top, results.output, false});
}

/// As rnn_backward of the Cpu.
template <RnnMode Mode, class T, cuda::Device D>
void rnn_backward(D device, const RnnExtents& e, const RnnDropout& dropout, const SequenceRows& order, const RnnLayer<T>* layers,
                  const RnnArguments<T>& arguments, const RnnResults<const T>& results, const RnnGradients<T>& gradients, T* scratch) {
    using namespace rnn_rows;
    const auto sequences = Sequences::of(order, e.has_lengths);
    const index_t width = e.output_width(), rows = e.most_rows();
    const auto take = [&](index_t n) { return std::exchange(scratch, scratch + n); };
    const T* above = results.output;
    T* gathered_x = nullptr;
    if (!e.as_stored()) {
        T* const gathered = take(rows * width);
        cuda::launch(device, rows * width, Gather<T>{sequences, width, results.output, gathered});
        above = gathered;
        gathered_x = take(rows * e.input);
    }
    T* between[2] = {};
    for (index_t i = 0; i < std::min<index_t>(e.layers - 1, 2); ++i) between[i] = take(rows * width);

    for (index_t l = e.layers; l-- > 0;) {
        const RnnLayer<T>& layer = layers[l];
        RnnGradient<T> below{l > 0 ? between[(l - 1) % 2] : nullptr, false};
        if (l == 0) below = gathered_x == nullptr ? gradients.x : RnnGradient<T>{gradients.x.data ? gathered_x : nullptr, false};
        for (index_t d = 0; d < e.directions; ++d) {
            const index_t number = l * e.directions + d;
            Direction<Mode, T, D>(sequences, e.widths(l), arguments.parameters[number], layer.kept[d], layer.input, layer.output + d * e.state, width, d == 1)
                .backward(scratch, above + d * e.state, of_direction(results.h_n, number, e.batch, e.state),
                          of_direction(results.c_n, number, e.batch, e.hidden), gradients.parameters[number], {below.data, below.accumulate || d == 1},
                          {of_direction(gradients.h_0.data, number, e.batch, e.state), gradients.h_0.accumulate},
                          {of_direction(gradients.c_0.data, number, e.batch, e.hidden), gradients.c_0.accumulate});
        }
        if (l > 0 && layer.copy != nullptr)
            rnn_rows::drop_out(device, dropout, (l - 1) * RnnDropout::numbers_of_layer(e), sequences, width, below.data, below.data);
        above = below.data;
    }
    if (gathered_x != nullptr && gradients.x.data)
        cuda::launch(device, rows * e.input, Scatter<T>{sequences, e.input, gathered_x, gradients.x.data, gradients.x.accumulate});
}

}  // namespace xnn::kernels
