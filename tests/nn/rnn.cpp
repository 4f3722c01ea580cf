#include "../support/recurrent.hpp"
#include "xnn/nn/traits.hpp"

using namespace recurrent_tests;

namespace {

using Input = Shape<5, 3, 4>;

template <class T>
void check_rnn() {
    using nn::RNN;
    using nn::RNNOptions;
    check_recurrent<T, Input, Shape<1, 3, 6>>("RNN", RNN<4, 6, RNNOptions{}, T>{});
    check_recurrent<T, Input>("RNN no state", RNN<4, 6, RNNOptions{}, T>{});
    check_recurrent<T, Input, Shape<1, 3, 6>>("RNN relu", RNN<4, 6, RNNOptions{.nonlinearity = nn::Nonlinearity::relu}, T>{});
}
template <class T>
void check_lstm() {
    using nn::LSTM;
    using nn::LSTMOptions;
    check_recurrent<T, Input, Shape<1, 3, 6>, Shape<1, 3, 6>>("LSTM", LSTM<4, 6, LSTMOptions{}, T>{});
    check_recurrent<T, Input>("LSTM no state", LSTM<4, 6, LSTMOptions{}, T>{});
}
template <class T>
void check_gru() {
    using nn::GRU;
    using nn::GRUOptions;
    check_recurrent<T, Input, Shape<1, 3, 6>>("GRU", GRU<4, 6, GRUOptions{}, T>{});
    check_recurrent<T, Input>("GRU no state", GRU<4, 6, GRUOptions{}, T>{});
}

}  // namespace

TEMPLATE_TEST_CASE("RNN is PyTorch's", "[nn][rnn]", float, double, bfloat16) { check_rnn<TestType>(); }
TEMPLATE_TEST_CASE("LSTM is PyTorch's", "[nn][rnn]", float, double, bfloat16) { check_lstm<TestType>(); }
TEMPLATE_TEST_CASE("GRU is PyTorch's", "[nn][rnn]", float, double, bfloat16) { check_gru<TestType>(); }

TEST_CASE("a recurrent layer knows its shapes", "[nn][rnn]") {
    using Layer = nn::LSTM<4, 6, nn::LSTMOptions{.num_layers = 2, .batch_first = true, .bidirectional = true}>;
    STATIC_REQUIRE(std::same_as<output_of<Layer, Shape<dyn, dyn, 4>>, Shape<dyn, dyn, 12>>);
    STATIC_REQUIRE(std::same_as<output_of<Layer, Shape<7, 4>>, Shape<7, 12>>);
    STATIC_REQUIRE(accepts<Layer, Shape<2, dyn, 4>, Shape<4, 2, 6>, Shape<4, 2, 6>>);
    STATIC_REQUIRE(!accepts<Layer, Shape<2, dyn, 5>>);
    STATIC_REQUIRE(!accepts<Layer, Shape<4>>);
    STATIC_REQUIRE(!accepts<Layer, Shape<2, dyn, 4>, Shape<4, 2, 6>>);                  // a state without a cell
    STATIC_REQUIRE(!accepts<Layer, Shape<2, dyn, 4>, Shape<4, 3, 6>, Shape<4, 3, 6>>);  // of another batch
    STATIC_REQUIRE(parameter_count<Layer> == 2 * 24 * (4 + 6 + 2) + 2 * 24 * (12 + 6 + 2));
    using Results = std::remove_cvref_t<decltype(std::declval<const Layer&>()(std::declval<const Tensor<float, Shape<2, 7, 4>>&>()))>;
    STATIC_REQUIRE(std::same_as<shape_t<decltype(Results::h_n)>, Shape<4, 2, 6>>);
    STATIC_REQUIRE(std::same_as<shape_t<decltype(Results::c_n)>, Shape<4, 2, 6>>);
}
