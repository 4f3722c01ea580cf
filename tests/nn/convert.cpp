#include "xnn/nn/convert.hpp"

#include <catch2/catch.hpp>
#include <xnn/models/lenet.hpp>
#include <xnn/xnn.hpp>

namespace {

using namespace xnn;

template <class T, class Device>
struct Net : nn::Module<Net<T, Device>> {
    nn::Conv2d<1, 4, 3, nn::ConvOptions{}, T, Device> conv;
    nn::BatchNorm2d<4, nn::BatchNormOptions{}, T, Device> norm{};
    nn::Dropout drop{0.2};
    nn::Sequential<nn::Flatten<>, nn::Linear<16, 4, true, T, Device>, nn::ReLU> head;
    std::array<nn::Linear<4, 4, true, T, Device>, 2> list;
    double scale = 1;

    auto forward(auto x) const {
        auto h = x | conv | norm | drop | head;
        return list[1](list[0](h)) * scale;
    }
};

}  // namespace

TEST_CASE("to<dtype>: the same template with another element type, its state rounded, its options kept", "[nn]") {
    manual_seed(3);
    Net<double, Cpu> model;
    model.drop.p = 0.3;
    model.norm.eps = 1e-3;
    model.scale = 2;
    model.conv.weight.requires_grad_(false);
    model(randn<Shape<5, 1, 4, 4>, double, Cpu>()).value();  // running statistics that are not those of a new model
    model.eval();

    const auto narrow_model = to<float16>(model);
    static_assert(std::same_as<std::remove_const_t<decltype(narrow_model)>, Net<float16, Cpu>>);
    REQUIRE(narrow_model.drop.p == 0.3);
    REQUIRE(narrow_model.norm.eps == 1e-3);
    REQUIRE(narrow_model.scale == 2);
    REQUIRE_FALSE(narrow_model.norm.training);
    REQUIRE_FALSE(narrow_model.conv.weight.requires_grad());
    REQUIRE(narrow_model.conv.bias.requires_grad());
    for (index_t i = 0; i < model.conv.weight.size(); ++i)
        REQUIRE(narrow_model.conv.weight.data()[i].bits() == float16(static_cast<float>(model.conv.weight.data()[i])).bits());
    for (index_t i = 0; i < 4; ++i)
        REQUIRE(narrow_model.norm.running_mean.value().data()[i].bits() == float16(static_cast<float>(model.norm.running_mean.value().data()[i])).bits());

    const auto single = to<float>(model);
    const auto x = randn<Shape<2, 1, 4, 4>, double, Cpu>();
    const Tensor<double, Shape<2, 4>, Cpu> expected = model(x);
    const Tensor<float, Shape<2, 4>, Cpu> got = single(xnn::to<float>(x));
    for (index_t i = 0; i < expected.size(); ++i) REQUIRE(static_cast<double>(got.data()[i]) == Approx(expected.data()[i]).epsilon(1e-4).margin(1e-5));
}

TEST_CASE("to<dtype>: containers and models of the library", "[nn]") {
    using Chain = nn::Sequential<nn::Named<"first", nn::Linear<3, 2, true, float, Cpu>>, nn::Repeated<2, nn::Linear<2, 2, true, float, Cpu>>, nn::ReLU>;
    using Wide = nn::Sequential<nn::Named<"first", nn::Linear<3, 2, true, double, Cpu>>, nn::Repeated<2, nn::Linear<2, 2, true, double, Cpu>>, nn::ReLU>;
    Chain chain;
    auto wide = to<double>(chain);
    static_assert(std::same_as<decltype(wide), Wide>);
    const auto narrow_state = chain.state_dict(), wide_state = wide.state_dict();
    REQUIRE(narrow_state.size() == wide_state.size());
    for (std::size_t i = 0; i < wide_state.size(); ++i) {
        REQUIRE(narrow_state[i].name == wide_state[i].name);
        REQUIRE(wide_state[i].dtype == Dtype::F64);
        REQUIRE(static_cast<const double*>(wide_state[i].data)[0] == static_cast<double>(static_cast<const float*>(narrow_state[i].data)[0]));
    }
    static_assert(std::same_as<decltype(nn::half(std::declval<const models::LeNet<10, 1, float, Cpu>&>())), models::LeNet<10, 1, float16, Cpu>>);
}
