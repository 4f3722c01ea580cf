// An activation behind an operation is a part of it, and changes neither results nor gradients.
#include "xnn/expr/activated.hpp"

#include "../support/arrays.hpp"
#include "xnn/expr/detach.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/functional.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/pooling.hpp"
#include "xnn/ops/activation.hpp"
#include "xnn/ops/cat.hpp"
#include "xnn/ops/matmul.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;
using namespace xnn::functional;

namespace {

using Images = Shape<2, 4, 6, 7>;

template <class E>
constexpr bool is_one_operation = false;
template <class Rule, class F, class... Rest>
constexpr bool is_one_operation<Operation<Activated<Rule, F>, Rest...>> = true;

template <class X, class Layer, class Activation>
constexpr bool fuses = is_one_operation<decltype(std::declval<nn::Sequential<Layer, Activation>&>()(std::declval<X>()))>;
template <class Layer, class Activation>
constexpr bool fuses_in_training = fuses<const Tensor<float, Images>&, Layer, Activation>;

using Conv = nn::Conv2d<4, 3, 3>;
using Depthwise = nn::Conv2d<4, 4, 3, nn::ConvOptions{.groups = 4}>;
static_assert(fuses_in_training<nn::Linear<7, 5>, nn::ReLU> && fuses_in_training<nn::Linear<7, 5, false>, nn::Tanh>);
static_assert(fuses_in_training<Conv, nn::ReLU> && fuses_in_training<Depthwise, nn::ReLU6> && fuses_in_training<nn::ConvTranspose2d<4, 3, 3>, nn::Sigmoid>);
static_assert(fuses_in_training<nn::BatchNorm2d<4>, nn::ReLU> && fuses_in_training<nn::LayerNorm<Shape<7>>, nn::ReLU>);
static_assert(fuses_in_training<nn::MaxPool2d<2>, nn::ReLU> && fuses_in_training<nn::AvgPool2d<2>, nn::Hardtanh>);
// An activation whose derivative wants what it was applied to: only where there is no derivative.
static_assert(!fuses_in_training<Conv, nn::GELU> && !fuses_in_training<Conv, nn::LeakyReLU>);
static_assert(fuses<decltype(inference(std::declval<Tensor<float, Images>&>())), Conv, nn::GELU>);
// Softmax goes back by its result, and a second activation by that of the first.
static_assert(!fuses_in_training<nn::Softmax<-1>, nn::ReLU> && !is_one_operation<decltype(nn::ReLU{}(nn::ReLU{}(std::declval<Tensor<float, Images>>())))>);

/// What is used under a name remains.
static_assert([] {
    auto named = []<class X>(X& x) { return relu(x); };
    using Product = decltype(matmul(std::declval<Tensor<float, Shape<2, 3>>>(), std::declval<Tensor<float, Shape<3, 4>>>()));
    return is_one_operation<decltype(relu(std::declval<Product>()))> && !is_one_operation<decltype(named(std::declval<Product&>()))>;
}());
// Whole numbers stay whole with relu, and become numbers with a point with tanh.
using Whole = decltype(matmul(std::declval<Tensor<std::int64_t, Shape<2, 3>>>(), std::declval<Tensor<std::int64_t, Shape<3, 4>>>()));
static_assert(is_one_operation<decltype(relu(std::declval<Whole>()))> && !is_one_operation<decltype(tanh(std::declval<Whole>()))>);

/// The values of activation(layer(x)), and the gradients of x and of the layer's parameters, as one operation or as two.
template <bool Together, class Layer, class Activation, class X>
std::vector<std::vector<double>> computed(Layer& layer, const Activation& activation, X& x) {
    x.zero_grad();
    layer.zero_grad();
    const auto finish = [&](auto y) {
        const auto gradient = random_tensor<value_t<decltype(y)>>(y.shape(), -1, 1, 5);
        y.backward(gradient.view());
        std::vector<std::vector<double>> results{values(y), values(x.grad())};
        nn::visit_parameters(layer, [&](const auto&, auto& parameter) { results.push_back(values(parameter.grad())); });
        return results;
    };
    if constexpr (Together) {
        return finish(activation(layer(x)));
    } else {
        const auto h = layer(x);
        return finish(activation(h));
    }
}

template <class T, class Layer, class Activation>
void require_the_same(Layer layer, const Activation& activation = {}) {
    auto x = random_parameter<Images, T>();
    const auto one = computed<true>(layer, activation, x);
    const auto two = computed<false>(layer, activation, x);
    REQUIRE(one.size() == two.size());
    REQUIRE(one[0] == two[0]);
    for (std::size_t i = 1; i < one.size(); ++i) require_close(one[i], two[i], sizeof(T) == 2 ? 0.05 : 1e-5);
}


}  // namespace

TEMPLATE_TEST_CASE("activated: the same results and gradients as with two operations", "[expr][fusion]", float, double, float16, bfloat16) {
    using T = TestType;
    require_the_same<T>(nn::Linear<7, 5, true, T>{}, nn::ReLU{});
    require_the_same<T>(nn::Linear<7, 5, true, T>{}, nn::Tanh{});
    require_the_same<T>(nn::Conv2d<4, 3, 3, nn::ConvOptions{.padding = 1}, T>{}, nn::ReLU{});
}

TEST_CASE("activated: behind every operation that can be in front", "[expr][fusion]") {
    require_the_same<float>(nn::Linear<7, 1, false>{}, nn::ReLU{});  // a single column
    require_the_same<float>(nn::Linear<7, 5>{}, nn::Hardtanh(-0.3, 0.2));
    require_the_same<float>(nn::Conv2d<4, 3, 1>{}, nn::ReLU{});
    require_the_same<float>(nn::Conv2d<4, 8, 3, nn::ConvOptions{.groups = 4}>{}, nn::ReLU{});
    require_the_same<float>(nn::Conv2d<4, 3, 3>{}, nn::Sigmoid{});
    require_the_same<float>(nn::ConvTranspose2d<4, 3, 3>{}, nn::ReLU{});
    require_the_same<float>(nn::BatchNorm2d<4>{}, nn::ReLU{});
    require_the_same<float>(nn::LayerNorm<Shape<7>>{}, nn::ReLU{});
    require_the_same<float>(nn::MaxPool2d<2>{}, nn::Tanh{});
    require_the_same<float>(nn::AvgPool2d<2>{}, nn::ReLU{});
}

TEST_CASE("activated: gradients", "[expr][fusion][gradcheck]") {
    auto x = random_parameter(Shape<6, 5>{});
    auto w = random_parameter(Shape<3, 5>{});
    auto b = random_parameter(Shape<3>{});
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) { return sigmoid(linear(v, u, c)); }, x, w, b));
    // Into a loop, through a view that passes its gradient on, into another operation, under a name, in two places.
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) { return square(relu(linear(v, u, c))) * 3; }, x, w, b));
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) { return relu(linear(v, u, c)) | nn::Flatten<0>{}; }, x, w, b));
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) { return cat<0>(tanh(linear(v, u, c)), relu(linear(v, u))); }, x, w, b));
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) { return matmul(relu(linear(v, u, c)), relu(matmul(u, v | nn::Flatten<0>{} | nn::Unflatten<0, Shape<5, 6>>{}))); }, x, w, b));
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) {
        auto h = tanh(linear(v, u, c));
        auto flat = relu(linear(v, u)) | nn::Flatten<0>{};
        return h * h + sum(flat * flat);
    }, x, w, b));
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) {
        auto h = linear(v, u, c);
        return relu(h) * sigmoid(h);
    }, x, w, b));
    auto image = random_parameter(Shape<2, 2, 5, 4>{});
    auto kernel = random_parameter(Shape<3, 2, 3, 3>{});
    REQUIRE(gradcheck([](auto& v, auto& u, auto& c) { return relu(nn::functional::conv2d(v, u, c)); }, image, kernel, b));
}

TEST_CASE("activated: a frozen parameter, a gradient that is the user's, NaN", "[expr][fusion]") {
    auto x = random_parameter<Shape<4, 5>, float>();
    nn::Linear<5, 3> layer;
    layer.requires_grad_(false);
    auto y = relu(layer(x));
    auto gradient = random_tensor<float>(Shape<4, 3>{}, -1, 1, 2);
    const std::vector<double> before = values(gradient);
    y.backward(gradient.view());
    REQUIRE(values(gradient) == before);
    REQUIRE(!layer.weight.has_grad());
    REQUIRE(x.has_grad());
    x.data()[7] = std::nanf("");
    const auto again = relu(layer(x));
    for (index_t j = 0; j < 3; ++j) REQUIRE(std::isnan(again.value().data[3 + j]));
}

TEST_CASE("activated: one array for both", "[expr][fusion]") {
    const auto x = random_tensor<float>(Shape<64, 100>{});
    const auto w = random_tensor<float>(Shape<100, 100>{});
    auto lease = Lease<DefaultDevice>::take();
    lease.arena().reset_peak();
    const auto y = linear(relu(linear(x, w)), w);
    static_cast<void>(y.forward(lease.arena()));
    REQUIRE(lease.arena().peak() == 2 * 64 * 100 * sizeof(float));
}
