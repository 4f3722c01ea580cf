#include "../support/errors.hpp"
#include "../support/recurrent.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/ops/random.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace recurrent_tests;

namespace {

using Input = Shape<3, 4>;
using State = Shape<3, 6>;

template <class T>
void check_cells() {
    check_recurrent<T, Input, State>("RNNCell", nn::RNNCell<4, 6, true, nn::Nonlinearity::tanh, T>{});
    check_recurrent<T, Input, State>("RNNCell relu", nn::RNNCell<4, 6, true, nn::Nonlinearity::relu, T>{});
    check_recurrent<T, Input, State, State>("LSTMCell", nn::LSTMCell<4, 6, true, T>{});
    check_recurrent<T, Input, State>("GRUCell", nn::GRUCell<4, 6, true, T>{});
}

}  // namespace

TEMPLATE_TEST_CASE("recurrent cells are PyTorch's", "[nn][rnn]", float, double, bfloat16) { check_cells<TestType>(); }

TEST_CASE("recurrent cells' options are PyTorch's", "[nn][rnn]") {
    using T = double;
    constexpr auto bent = nn::Nonlinearity::tanh;
    check_recurrent<T, Input>("RNNCell no state", nn::RNNCell<4, 6, true, bent, T>{});
    check_recurrent<T, Input, State>("RNNCell no bias", nn::RNNCell<4, 6, false, bent, T>{});
    check_recurrent<T, Shape<4>, Shape<6>>("RNNCell unbatched", nn::RNNCell<4, 6, true, bent, T>{});
    check_recurrent<T, Input>("LSTMCell no state", nn::LSTMCell<4, 6, true, T>{});
    check_recurrent<T, Input, State, State>("LSTMCell no bias", nn::LSTMCell<4, 6, false, T>{});
    check_recurrent<T, Shape<4>, Shape<6>, Shape<6>>("LSTMCell unbatched", nn::LSTMCell<4, 6, true, T>{});
    check_recurrent<T, Input>("GRUCell no state", nn::GRUCell<4, 6, true, T>{});
    check_recurrent<T, Input, State>("GRUCell no bias", nn::GRUCell<4, 6, false, T>{});
    check_recurrent<T, Shape<4>, Shape<6>>("GRUCell unbatched", nn::GRUCell<4, 6, true, T>{});
}

TEST_CASE("a cell's steps are those of a layer", "[nn][rnn]") {
    using Layer = nn::GRU<2, 3, nn::GRUOptions{}, double>;
    Layer layer;
    nn::GRUCell<2, 3, true, double> cell;
    cell.weight_ih = layer.weights<0>().weight_ih;
    cell.weight_hh = layer.weights<0>().weight_hh;
    cell.bias_ih = layer.weights<0>().bias_ih;
    cell.bias_hh = layer.weights<0>().bias_hh;
    const auto x = randn<Shape<3, 2, 2>, double>();
    Tensor<double, Shape<2, 3>> h;
    for (index_t t = 0; t < 3; ++t) h = cell(TensorView<const double, Shape<2, 2>>{x.data() + 4 * t, {}}, h);
    const auto y = layer(x);
    const auto last = y.h_n.value();
    for (index_t i = 0; i < 6; ++i) REQUIRE(std::abs(last.data[i] - h.data()[i]) < 1e-14);
}

TEST_CASE("gradients of recurrent cells", "[nn][rnn]") {
    Parameter<double, Shape<2, 3>> x(randn<Shape<2, 3>, double>());
    Parameter<double, Shape<2, 5>> h(randn<Shape<2, 5>, double>()), c(randn<Shape<2, 5>, double>());
    nn::LSTMCell<3, 5, true, double> lstm;
    const auto twice = [&](auto& in, auto& h0, auto& c0, auto&...) {  // the results go into a second step
        auto [h1, c1] = lstm(in, h0, c0);
        auto [h2, c2] = lstm(in, h1, c1);
        return h2 * c2 + h1;
    };
    REQUIRE(gradcheck(twice, x, h, c, lstm.weight_ih, lstm.weight_hh, lstm.bias_ih, lstm.bias_hh));
    nn::GRUCell<3, 5, true, double> gru;
    REQUIRE(gradcheck([&](auto& in, auto& h0, auto&...) { return gru(in, gru(in, h0)); }, x, h, gru.weight_ih, gru.weight_hh, gru.bias_ih, gru.bias_hh));
    nn::RNNCell<3, 5, true, nn::Nonlinearity::tanh, double> rnn;
    REQUIRE(gradcheck([&](auto& in, auto& h0, auto&...) { return rnn(in, rnn(in, h0)); }, x, h, rnn.weight_ih, rnn.weight_hh, rnn.bias_ih, rnn.bias_hh));
}

TEST_CASE("recurrent cells refuse what does not fit", "[nn][rnn]") {
    using Cell = nn::LSTMCell<4, 6>;
    STATIC_REQUIRE(std::same_as<output_of<Cell, Shape<dyn, 4>>, Shape<dyn, 6>>);
    STATIC_REQUIRE(!accepts<Cell, Shape<dyn, 5>>);
    STATIC_REQUIRE(!accepts<Cell, Shape<dyn, 4>, Shape<dyn, 6>>);
    STATIC_REQUIRE(!accepts<Cell, Shape<2, dyn, 4>>);
    const Tensor<float, Shape<dyn, 4>> x(Shape<dyn, 4>(3));
    const Tensor<float, Shape<dyn, 6>> h(Shape<dyn, 6>(2));
    REQUIRE_ERROR(Cell{}(x, h, h), "lstm_cell", "(3, 4)", "(2, 6)");
}
