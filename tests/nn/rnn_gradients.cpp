// Gradients of recurrent layers, and what goes from one call into the next.
#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/recurrent.hpp"
#include "xnn/expr/detach.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace recurrent_tests;

namespace {

constexpr GradcheckOptions loose{.eps = 1e-5, .atol = 1e-7, .rtol = 1e-5};

}  // namespace

TEST_CASE("gradients of an LSTM of two layers and directions", "[nn][rnn]") {
    nn::LSTM<2, 3, nn::LSTMOptions{.num_layers = 2, .bidirectional = true}, double> lstm;
    auto x = random_parameter<Shape<dyn, dyn, 2>>(Shape<dyn, dyn, 2>(3, 2));
    auto h = random_parameter<Shape<4, dyn, 3>>(Shape<4, dyn, 3>(2), -1, 1, 2), c = random_parameter<Shape<4, dyn, 3>>(Shape<4, dyn, 3>(2), -1, 1, 3);
    const auto f = [&](auto& in, auto& h_0, auto& c_0, auto&...) {
        auto [output, h_n, c_n] = lstm(in, h_0, c_0);
        return sum(output * output) + h_n * c_n;
    };
    auto& below = lstm.weights<1>();
    auto& above = lstm.weights<2>();
    REQUIRE(gradcheck(loose, f, x, h, c, below.weight_ih, below.weight_hh, below.bias_ih, below.bias_hh, above.weight_ih, above.weight_hh));
}

TEST_CASE("gradients of an RNN and a GRU", "[nn][rnn]") {
    auto x = random_parameter<Shape<4, 2, 2>>();
    auto h = random_parameter<Shape<2, 2, 3>>({}, -1, 1, 2);
    nn::RNN<2, 3, nn::RNNOptions{.num_layers = 2, .batch_first = true}, double> rnn;
    const auto of_rnn = [&](auto& in, auto&...) { return sum(rnn(in).h_n) * rnn(in).output; };
    REQUIRE(gradcheck(loose, of_rnn, x, rnn.weights<0>().weight_ih, rnn.weights<1>().weight_hh, rnn.weights<1>().bias_hh));
    nn::GRU<2, 3, nn::GRUOptions{.num_layers = 2}, double> gru;
    const auto of_gru = [&](auto& in, auto& h_0, auto&...) {
        auto [output, h_n] = gru(in, h_0);
        return sum(output) * h_n;
    };
    REQUIRE(gradcheck(loose, of_gru, x, h, gru.weights<0>().weight_ih, gru.weights<1>().weight_hh, gru.weights<1>().bias_ih, gru.weights<1>().bias_hh));
}

TEST_CASE("dropout between recurrent layers", "[nn][rnn]") {
    nn::GRU<2, 4, nn::GRUOptions{.num_layers = 2}, double> gru(0.5);
    auto x = random_parameter<Shape<3, 2, 2>>();
    const auto seeded = [&](auto& in, auto&...) {
        manual_seed(7);
        return gru(in).output;
    };
    REQUIRE(gradcheck(loose, seeded, x, gru.weights<0>().weight_ih, gru.weights<1>().weight_ih));
    const auto kept = values(seeded(x));
    REQUIRE(values(seeded(x)) == kept);
    manual_seed(8);
    REQUIRE(values(gru(x).output) != kept);
    gru.eval();
    const auto plain = values(seeded(x));
    REQUIRE(plain != kept);
    REQUIRE(values(gru(x).output) == plain);

    // Kept with probability 1 - p, and then divided by it: the last layer's gates see the first layer's output on average.
    nn::RNN<1, 64, nn::RNNOptions{.num_layers = 2, .nonlinearity = nn::Nonlinearity::relu, .bias = false}, double> wide(0.25);
    auto& first = wide.weights<0>();
    auto& second = wide.weights<1>();
    nn::init::ones_(first.weight_ih);
    nn::init::zeros_(first.weight_hh);
    nn::init::eye_(second.weight_ih);
    nn::init::zeros_(second.weight_hh);
    const Tensor<double, Shape<32, 8, 1>> ones = full<Shape<32, 8, 1>, double>(1);
    double total = 0;
    for (const double value : values(wide(ones).output)) {
        REQUIRE((value == 0 || std::abs(value - 1 / 0.75) < 1e-12));
        total += value;
    }
    REQUIRE(std::abs(total / (32 * 8 * 64) - 1) < 0.02);
    REQUIRE_ERROR((nn::LSTM<1, 2>(1.5)), "dropout in [0, 1]");
}

TEST_CASE("states go from one call into the next, with their gradients or without", "[nn][rnn]") {
    nn::LSTM<2, 3, nn::LSTMOptions{}, double> lstm;
    const auto x = random_tensor<double>(Shape<6, 2, 2>{});
    const TensorView<const double, Shape<3, 2, 2>> first{x.data(), {}}, second{x.data() + 12, {}};
    const auto whole = values(lstm(x).output);
    auto [y1, h1, c1] = lstm(first);
    auto [y2, h2, c2] = lstm(second, h1, c1);
    auto halves = values(y1);
    for (const double value : values(y2)) halves.push_back(value);
    require_close(halves, whole, 1e-14);

    auto& weight = lstm.weights<0>().weight_hh;
    sum(lstm(x).output).backward();
    const auto through_all = values(weight.grad());
    lstm.zero_grad();
    (sum(y1) + sum(y2)).backward();
    require_close(values(weight.grad()), through_all, 1e-12);
    lstm.zero_grad();
    auto [y3, h3, c3] = lstm(second, detach(h1), detach(c1));
    (sum(y1) + sum(y3)).backward();
    REQUIRE(values(weight.grad()) != through_all);
}

TEST_CASE("recurrent layers: frozen parameters and inference", "[nn][rnn]") {
    nn::LSTM<2, 3, nn::LSTMOptions{}, double> lstm;
    auto& weights = lstm.weights<0>();
    const auto x = random_tensor<double>(Shape<3, 2, 2>{});
    sum(lstm(x).output).backward();
    const auto gradient = values(weights.weight_hh.grad());
    lstm.zero_grad();
    weights.weight_ih.requires_grad_(false);
    sum(lstm(x).output).backward();
    REQUIRE(!weights.weight_ih.has_grad());
    REQUIRE(values(weights.weight_hh.grad()) == gradient);
    STATIC_REQUIRE(!decltype(lstm(inference(x)).output)::requires_grad);
    REQUIRE(values(lstm(inference(x)).output) == values(lstm(x).output));
}

TEST_CASE("recurrent layers: no sequences, and one step", "[nn][rnn]") {
    nn::GRU<2, 3> gru;
    const Tensor<float, Shape<4, dyn, 2>> none(Shape<4, dyn, 2>(0));
    const auto nothing = gru(none);
    REQUIRE(nothing.output.value().size() == 0);
    sum(nothing.output).backward();
    REQUIRE(values(gru.weights<0>().weight_ih.grad()) == std::vector<double>(18, 0));
    const auto one = random_tensor<float>(Shape<1, 5, 2>{});
    const auto result = gru(one);
    REQUIRE(values(result.output) == values(result.h_n));
}
