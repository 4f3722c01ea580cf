#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/recurrent.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace recurrent_tests;
using namespace nn::utils::rnn;

namespace {

/// A layer's call with packed sequences, padded again.
template <bool BatchFirst, class Layer, class Lengths>
auto packed_call(const Layer& layer, const Lengths& lengths, bool enforce_sorted, double padding_value) {
    return [&layer, &lengths, enforce_sorted, padding_value](const auto& x, const auto&... state) {
        auto result = layer(pack_padded_sequence<BatchFirst>(x, lengths, enforce_sorted), state...);
        auto output = pad_packed_sequence<BatchFirst>(result.output, padding_value).sequence;
        if constexpr (requires { result.c_n; })
            return LSTMResult<decltype(output), decltype(result.h_n), decltype(result.c_n)>{output, result.h_n, result.c_n};
        else
            return RNNResult<decltype(output), decltype(result.h_n)>{output, result.h_n};
    };
}

template <class T, AnyShape X, bool BatchFirst, AnyShape... State, class Layer>
void check_packed(const std::string& name, Layer&& layer, bool enforce_sorted = true, double padding_value = 0) {
    INFO(name << " in " << name_of(dtype_of<T>));
    const auto lengths = recurrent_fixture().tensor<std::int64_t, Shape<X::static_extents[BatchFirst ? 0 : 1]>>(name + "/lengths");
    auto x = argument<T, X>(name + "/x");
    const auto call = packed_call<BatchFirst>(layer, lengths, enforce_sorted, padding_value);
    using First = std::tuple_element_t<0, std::tuple<State...>>;
    auto h_0 = argument<T, First>(name + "/h_0");
    if constexpr (sizeof...(State) == 1) {
        check_call<T>(name, layer, call, x, h_0);
    } else {
        using Second = std::tuple_element_t<1, std::tuple<State...>>;
        auto c_0 = argument<T, Second>(name + "/c_0");
        check_call<T>(name, layer, call, x, h_0, c_0);
    }
}

template <class T>
void check_all() {
    using X = Shape<5, 3, 4>;
    using H = Shape<4, 3, 3>;
    check_packed<T, X, false, H>("RNN packed", nn::RNN<4, 3, nn::RNNOptions{.num_layers = 2, .bidirectional = true}, T>{});
    check_packed<T, X, false, H, H>("LSTM packed", nn::LSTM<4, 3, nn::LSTMOptions{.num_layers = 2, .bidirectional = true}, T>{});
    check_packed<T, X, false, H>("GRU packed", nn::GRU<4, 3, nn::GRUOptions{.num_layers = 2, .bidirectional = true}, T>{});
    using Unsorted = Shape<4, 5, 4>;
    using State = Shape<2, 4, 3>;
    check_packed<T, Unsorted, true, State>("RNN unsorted", nn::RNN<4, 3, nn::RNNOptions{.batch_first = true, .bidirectional = true}, T>{}, false, -7.5);
    check_packed<T, Unsorted, true, State, State>("LSTM unsorted", nn::LSTM<4, 3, nn::LSTMOptions{.batch_first = true, .bidirectional = true}, T>{}, false, -7.5);
    check_packed<T, Unsorted, true, State>("GRU unsorted", nn::GRU<4, 3, nn::GRUOptions{.batch_first = true, .bidirectional = true}, T>{}, false, -7.5);
}

}  // namespace

TEST_CASE("packed sequences are PyTorch's", "[nn][rnn]") {
    check_all<double>();
    check_packed<double, Shape<5, 3, 4>, false, Shape<4, 3, 3>, Shape<4, 3, 5>>(
        "LSTM projected packed", nn::LSTM<4, 5, nn::LSTMOptions{.num_layers = 2, .bidirectional = true, .proj_size = 3}, double>{});
}
TEST_CASE("packed sequences are PyTorch's in float too", "[nn][rnn]") { check_all<float>(); }

TEST_CASE("gradients of packed sequences", "[nn][rnn]") {
    const Tensor<std::int64_t, Shape<3>> lengths{2, 4, 1};
    Parameter<double, Shape<4, 3, 2>> x(randn<Shape<4, 3, 2>, double>());
    nn::GRU<2, 3, nn::GRUOptions{}, double> gru;
    auto& weights = gru.weights<0>();
    const auto f = [&](auto& padded, auto&...) {
        auto [output, h_n] = gru(pack_padded_sequence(padded, lengths, false));
        return pad_packed_sequence(output, 3).sequence * h_n;
    };
    REQUIRE(gradcheck(f, x, weights.weight_ih, weights.weight_hh, weights.bias_ih, weights.bias_hh));
}

TEST_CASE("lengths that cannot be are refused, and nothing changes", "[nn][rnn]") {
    nn::LSTM<2, 3> lstm;
    const auto x = randn<Shape<4, 2, 2>>();
    const auto run = [&](std::int64_t a, std::int64_t b, bool enforce_sorted) {
        const Tensor<std::int64_t, Shape<2>> lengths{a, b};
        const auto result = lstm(pack_padded_sequence(x, lengths, enforce_sorted));
        sum(result.h_n).backward();
    };
    REQUIRE_ERROR(run(5, 1, true), "lstm", "[1, 4]", "5 at position 0");
    REQUIRE_ERROR(run(4, 0, true), "lstm", "[1, 4]", "0 at position 1");
    REQUIRE_ERROR(run(4, -1, false), "lstm", "[1, 4]", "-1 at position 1");
    REQUIRE_ERROR(run(2, 3, true), "lstm", "longest first", "3 at position 1");
    REQUIRE(!lstm.weights<0>().weight_ih.has_grad());
    REQUIRE_NOTHROW(run(2, 3, false));
    const Tensor<std::int64_t, Shape<2>> high{5, 1};
    REQUIRE_ERROR(pad_packed_sequence(pack_padded_sequence(x, high)).sequence.value(), "pad_packed_sequence", "5 at position 0");
    const Tensor<std::int64_t, Shape<dyn>> many(Shape<dyn>(3));
    REQUIRE_ERROR(lstm(pack_padded_sequence(x, many)), "lstm", "(3)");
    const Tensor<float, Shape<dyn, 2, 2>> empty(Shape<dyn, 2, 2>(0));
    REQUIRE_ERROR(lstm(empty).h_n.value(), "lstm", "at least one step");
}

TEST_CASE("pad_sequence joins sequences of different lengths", "[nn][rnn]") {
    const Shape<dyn, 2> one(1), two(2);
    const std::vector<Tensor<float, Shape<dyn, 2>>> sequences{{two, {1, 2, 3, 4}}, {one, {5, 6}}};
    require_close(values(pad_sequence(sequences)), {1, 2, 5, 6, 3, 4, 0, 0});
    require_close(values(pad_sequence<true>(sequences, -1.F)), {1, 2, 3, 4, 5, 6, -1, -1});
    const std::vector<Tensor<std::int64_t, Shape<dyn>>> words{{Shape<dyn>(1), {7}}, {Shape<dyn>(3), {1, 2, 3}}};
    require_close(values(pad_sequence<true>(words, std::int64_t{9})), {7, 9, 9, 1, 2, 3});
    REQUIRE_ERROR(pad_sequence(std::vector<Tensor<float, Shape<dyn>>>{}), "pad_sequence", "at least one");
    const std::vector<Tensor<float, Shape<dyn, dyn>>> unlike{Tensor<float, Shape<dyn, dyn>>(Shape<dyn, dyn>(1, 2)), Tensor<float, Shape<dyn, dyn>>(Shape<dyn, dyn>(1, 3))};
    REQUIRE_ERROR(pad_sequence(unlike), "pad_sequence", "(1, 3)");
}
