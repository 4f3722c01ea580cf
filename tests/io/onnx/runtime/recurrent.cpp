#include "cases.hpp"

namespace onnx_cases {

void add_recurrent(const Folder& folder) {
    using namespace nn;
    const auto x = uniform<Shape<5, 2, 4>>(1);
    const auto state = uniform<Shape<1, 2, 6>>(2);
    const auto states = uniform<Shape<4, 2, 6>>(2);
    using X = Shape<dyn, dyn, 4>;
    folder.add<X>("RNN", RNN<4, 6>{}, x);
    folder.add<X, Shape<1, dyn, 6>>("RNN_relu", RNN<4, 6, RNNOptions{.nonlinearity = Nonlinearity::relu, .bias = false}>{}, x, state);
    folder.add<X>("LSTM", LSTM<4, 6>{}, x);
    folder.add<X, Shape<1, dyn, 6>, Shape<1, dyn, 6>>("LSTM_state", LSTM<4, 6>{}, x, state, uniform<Shape<1, 2, 6>>(3));
    folder.add<Shape<dyn, dyn, 4>, Shape<4, dyn, 6>, Shape<4, dyn, 6>>(
        "LSTM_deep", LSTM<4, 6, LSTMOptions{.num_layers = 2, .batch_first = true, .bidirectional = true}>(0.5), uniform<Shape<2, 5, 4>>(1), states, uniform<Shape<4, 2, 6>>(3));
    folder.add<Shape<dyn, 4>>("LSTM_of_one", LSTM<4, 6, LSTMOptions{.bidirectional = true}>{}, uniform<Shape<5, 4>>(1));
    folder.add<X>("GRU", GRU<4, 6>{}, x);
    folder.add<X, Shape<4, dyn, 6>>("GRU_deep", GRU<4, 6, GRUOptions{.num_layers = 2, .bidirectional = true}>{}, x, states);
    const auto step = uniform<Shape<2, 4>>(1);
    const auto h = uniform<Shape<2, 6>>(2);
    folder.add<Shape<dyn, 4>, Shape<dyn, 6>>("RNNCell", RNNCell<4, 6>{}, step, h);
    folder.add<Shape<dyn, 4>, Shape<dyn, 6>, Shape<dyn, 6>>("LSTMCell", LSTMCell<4, 6>{}, step, h, uniform<Shape<2, 6>>(3));
    folder.add<Shape<dyn, 4>>("LSTMCell_no_state", LSTMCell<4, 6>{}, step);
    folder.add<Shape<4>, Shape<6>>("GRUCell_of_one", GRUCell<4, 6>{}, uniform<Shape<4>>(1), uniform<Shape<6>>(2));
}

}  // namespace onnx_cases
