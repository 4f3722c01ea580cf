#include "xnn/nn/dropout.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "xnn/nn/functional.hpp"

using namespace xnn;

TEST_CASE("dropout drops the share p and scales the rest, the same forward and back", "[nn]") {
    manual_seed(11);
    using S = Shape<100, 37>;
    Parameter<float, S> x(Tensor<float, S>{}.fill(3));
    const nn::Dropout dropout{0.25};
    const auto y = dropout(x);
    y.backward(Tensor<float, S>{}.fill(1).view());
    index_t dropped = 0;
    for (index_t i = 0; i < x.size(); ++i) {
        const float value = y.value().data[i];
        REQUIRE((value == 0 || value == Approx(4)));
        REQUIRE(x.grad().data()[i] * 3 == Approx(value));
        dropped += value == 0;
    }
    REQUIRE(static_cast<double>(dropped) / 3700 == Approx(0.25).margin(0.03));
}

TEST_CASE("each evaluation draws anew, from a seed the same", "[nn]") {
    const Tensor<double, Shape<64>> x = Tensor<double, Shape<64>>{}.fill(1);
    const nn::Dropout dropout;
    manual_seed(1);
    const Tensor<double, Shape<64>> a = dropout(x), b = dropout(x);
    manual_seed(1);
    const Tensor<double, Shape<64>> c = dropout(x);
    REQUIRE(!std::equal(a.begin(), a.end(), b.begin()));
    REQUIRE(std::equal(a.begin(), a.end(), c.begin()));
}

TEST_CASE("out of training dropout does nothing and draws nothing", "[nn]") {
    const Tensor<float, Shape<5>> x{1, -2, 3, -4, 5};
    nn::Dropout dropout{0.9};
    dropout.eval();
    const auto state = default_generator().get_state();
    const Tensor<float, Shape<5>> y = dropout(x);
    REQUIRE(std::equal(x.begin(), x.end(), y.begin()));
    REQUIRE(default_generator().get_state() == state);
}

TEST_CASE("the ends of p: nothing goes, everything goes", "[nn]") {
    const Tensor<float, Shape<4>> x{1, 2, 3, 4};
    const Tensor<float, Shape<4>> all = nn::Dropout{0}(x), none = nn::Dropout{1}(x);
    REQUIRE(std::equal(x.begin(), x.end(), all.begin()));
    REQUIRE(std::count(none.begin(), none.end(), 0.0F) == 4);
    REQUIRE_ERROR(nn::Dropout{1.5}, "Dropout", "[0, 1]", "1.5");
    REQUIRE_ERROR(nn::Dropout{-0.5}, "Dropout", "[0, 1]");
}

TEST_CASE("Dropout2d drops whole channels", "[nn]") {
    manual_seed(2);
    using S = Shape<8, 16, 3, 2>;
    const Tensor<float, S> y = nn::Dropout2d{0.5}(Tensor<float, S>{}.fill(1));
    index_t dropped = 0;
    for (index_t channel = 0; channel < 8 * 16; ++channel) {
        const float* first = y.data() + channel * 6;
        REQUIRE(std::count(first, first + 6, *first) == 6);
        dropped += *first == 0;
    }
    REQUIRE(dropped > 40);
    REQUIRE(dropped < 88);
}

TEST_CASE("functions compute what the layers do", "[nn]") {
    const Tensor<double, Shape<2, 3>> x{1, -2, 3, 4, -5, 6}, t{0, 1, 0, 1, 0, 1};
    const Tensor<std::int64_t, Shape<2>> k{2, 0};
    REQUIRE(nn::F::cross_entropy(x, k).item() == nn::CrossEntropyLoss{}(x, k).item());
    REQUIRE(nn::F::cross_entropy(x, k, {.label_smoothing = 0.1}).item() == nn::CrossEntropyLoss{{.label_smoothing = 0.1}}(x, k).item());
    REQUIRE(nn::functional::mse_loss<Reduction::sum>(x, t).item() == nn::MSELoss<Reduction::sum>{}(x, t).item());
    REQUIRE(nn::F::nll_loss(nn::F::log_softmax<1>(x), k).item() == Approx(nn::F::cross_entropy(x, k).item()));
    const Tensor<double, Shape<2, 3>> a = nn::F::layer_norm<Shape<3>>(nn::F::relu(x)), b = nn::LayerNorm<Shape<3>, nn::LayerNormOptions{}, double>{}(nn::F::relu(x));
    REQUIRE(a(1, 2) == b(1, 2));
    const Tensor<double, Shape<2, 3>> same = nn::F::dropout(x, 0.5, false);
    REQUIRE(same(0, 1) == -2);
}
