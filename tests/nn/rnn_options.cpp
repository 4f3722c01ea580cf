#include "../support/recurrent.hpp"
#include "xnn/nn/print.hpp"

using namespace recurrent_tests;

namespace {

template <class T>
struct Rnn {
    template <index_t In, index_t H, index_t Layers, bool BatchFirst, bool Both, bool Bias>
    using Layer = nn::RNN<In, H, nn::RNNOptions{.num_layers = Layers, .bias = Bias, .batch_first = BatchFirst, .bidirectional = Both}, T>;
    static constexpr const char* name = "RNN";
};
template <class T>
struct Lstm {
    template <index_t In, index_t H, index_t Layers, bool BatchFirst, bool Both, bool Bias>
    using Layer = nn::LSTM<In, H, nn::LSTMOptions{.num_layers = Layers, .bias = Bias, .batch_first = BatchFirst, .bidirectional = Both}, T>;
    static constexpr const char* name = "LSTM";
};
template <class T>
struct Gru {
    template <index_t In, index_t H, index_t Layers, bool BatchFirst, bool Both, bool Bias>
    using Layer = nn::GRU<In, H, nn::GRUOptions{.num_layers = Layers, .bias = Bias, .batch_first = BatchFirst, .bidirectional = Both}, T>;
    static constexpr const char* name = "GRU";
};

template <class Kind>
inline constexpr bool has_cell = false;
template <class T>
inline constexpr bool has_cell<Lstm<T>> = true;

/// A case of this kind, with as many initial states as it takes.
template <class T, class Kind, AnyShape X, AnyShape State, class Layer>
void check_kind(const std::string& variant, Layer&& layer) {
    if constexpr (has_cell<Kind>)
        check_recurrent<T, X, State, State>(Kind::name + variant, layer);
    else
        check_recurrent<T, X, State>(Kind::name + variant, layer);
}

template <class T, class Kind>
void check_options() {
    check_kind<T, Kind, Shape<2, 4, 4>, Shape<6, 2, 3>>(" options", typename Kind::template Layer<4, 3, 3, true, true, false>{});
    check_kind<T, Kind, Shape<5, 4>, Shape<2, 3>>(" unbatched", typename Kind::template Layer<4, 3, 2, false, false, true>{});
    check_kind<T, Kind, Shape<3, 2, 4>, Shape<2, 2, 3>>(" dropped", typename Kind::template Layer<4, 3, 2, false, false, true>{1.0});
}

}  // namespace

TEMPLATE_TEST_CASE("recurrent layers' options are PyTorch's", "[nn][rnn]", Rnn<double>, Lstm<double>, Gru<double>) {
    check_options<double, TestType>();
}
TEMPLATE_TEST_CASE("recurrent layers' options are PyTorch's in float too", "[nn][rnn]", Rnn<float>, Lstm<float>, Gru<float>) {
    check_options<float, TestType>();
}

TEMPLATE_TEST_CASE("an LSTM's projection is PyTorch's", "[nn][rnn]", float, double) {
    using T = TestType;
    check_recurrent<T, Shape<5, 3, 4>, Shape<2, 3, 3>, Shape<2, 3, 5>>("LSTM projected", nn::LSTM<4, 5, nn::LSTMOptions{.num_layers = 2, .proj_size = 3}, T>{});
}

TEST_CASE("recurrent layers have PyTorch's state-dict keys", "[nn][rnn]") {
    const io::SafetensorsFile file(std::string(XNN_FIXTURES) + "/recurrent.safetensors");
    const auto check = [&](const std::string& name, auto&& layer) {
        std::string keys;
        for (const auto& entry : layer.state_dict()) keys += (keys.empty() ? "" : " ") + entry.name;
        REQUIRE(keys == file.metadata().at(name + "/keys"));
    };
    check("LSTM", nn::LSTM<4, 6>{});
    check("LSTM options", Lstm<float>::Layer<4, 3, 3, true, true, false>{});
    check("GRU packed", Gru<float>::Layer<4, 3, 2, false, true, true>{});
    check("RNN unbatched", Rnn<float>::Layer<4, 3, 2, false, false, true>{});
    check("LSTM projected", nn::LSTM<4, 5, nn::LSTMOptions{.num_layers = 2, .proj_size = 3}>{});
    check("LSTMCell", nn::LSTMCell<4, 6>{});
    check("GRUCell no bias", nn::GRUCell<4, 6, false>{});
}

TEST_CASE("recurrent layers print as PyTorch prints them", "[nn][rnn]") {
    constexpr nn::LSTMOptions options{.num_layers = 2, .bias = false, .batch_first = true, .bidirectional = true, .proj_size = 3};
    REQUIRE(nn::to_string(nn::LSTM<4, 6, options>{0.25}) ==
            "LSTM(4, 6, proj_size=3, num_layers=2, bias=False, batch_first=True, dropout=0.25, bidirectional=True)");
    REQUIRE(nn::to_string(nn::RNN<4, 6, nn::RNNOptions{.nonlinearity = nn::Nonlinearity::relu}>{}) == "RNN(4, 6)");
    REQUIRE(nn::to_string(nn::GRU<4, 6>{}) == "GRU(4, 6)");
    REQUIRE(nn::to_string(nn::RNNCell<4, 6, false, nn::Nonlinearity::relu>{}) == "RNNCell(4, 6, bias=False, nonlinearity=relu)");
    REQUIRE(nn::to_string(nn::LSTMCell<4, 6>{}) == "LSTMCell(4, 6)");
}
