#include "xnn/nn/convert.hpp"

#include <catch2/catch.hpp>
#include <xnn/models/lenet.hpp>
#include <xnn/models/mobilenet.hpp>
#include <xnn/models/resnet.hpp>
#include <xnn/models/vgg.hpp>
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

/// Requires that the numbers of one state are those of the other, in double.
template <class Narrow, class Wide>
void require_widened(Narrow& narrow, Wide& wide) {
    const auto from = narrow.state_dict(), to = wide.state_dict();
    REQUIRE(from.size() == to.size());
    for (std::size_t i = 0; i < to.size(); ++i) {
        REQUIRE(from[i].name == to[i].name);
        if (from[i].dtype == Dtype::I64) continue;
        REQUIRE(to[i].dtype == Dtype::F64);
        for (index_t k = 0; k < to[i].size(); ++k) REQUIRE(static_cast<const double*>(to[i].data)[k] == static_cast<double>(static_cast<const float*>(from[i].data)[k]));
    }
}

template <class Float, class Double>
constexpr bool is_widened = std::same_as<nn::rebind_t<Float, double, nn::Keep>, Double>;
static_assert(is_widened<models::VGG16BN<10, float, Cpu>, models::VGG16BN<10, double, Cpu>>);
static_assert(is_widened<models::MobileNetV2<10, float, Cpu>, models::MobileNetV2<10, double, Cpu>>);
static_assert(is_widened<models::ResNet50<10, float, Cpu>, models::ResNet50<10, double, Cpu>>);
static_assert(is_widened<nn::frozen_t<models::ResNet18<10, float, Cpu>>, nn::frozen_t<models::ResNet18<10, double, Cpu>>>);
static_assert(std::same_as<nn::rebind_t<models::ResNet18<10, float, Cpu>, nn::Keep, CudaHost>, models::ResNet18<10, float, CudaHost>>);

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
    require_widened(chain, wide);
    static_assert(std::same_as<decltype(nn::half(std::declval<const models::LeNet<10, 1, float, Cpu>&>())), models::LeNet<10, 1, float16, Cpu>>);
}

TEST_CASE("to<dtype>: residual networks, frozen ones too", "[nn]") {
    models::ResNet<models::BasicBlock, Dims<4>{2, 3, 2, 2}, 10, 4, float, Cpu> model;
    auto wide = to<double>(model);
    require_widened(model, wide);
    auto frozen = nn::freeze(model);
    auto frozen_wide = to<double>(frozen);
    require_widened(frozen, frozen_wide);
}

TEST_CASE("to<dtype>: containers whose contents the program chooses", "[nn]") {
    using Layer = nn::Linear<3, 2, true, float, Cpu>;
    nn::ModuleDict<Layer> choices;
    choices.set("left", Layer()).set("right", Layer());
    auto wide_choices = to<double>(choices);
    require_widened(choices, wide_choices);
    nn::ModuleList<Layer> list(3);
    auto wide_list = to<double>(list);
    require_widened(list, wide_list);
    nn::ParameterDict<Parameter<float, Shape<3>, Cpu>> scales;
    scales.set("a", Parameter<float, Shape<3>, Cpu>(Tensor<float, Shape<3>, Cpu>{1, 2, 3}));
    auto wide_scales = to<double>(scales);
    require_widened(scales, wide_scales);
    REQUIRE(wide_scales["a"].value()(2) == 3);

    using Encoder = nn::TransformerEncoderLayer<4, 2, nn::TransformerOptions{.dim_feedforward = 8}, float, Cpu>;
    nn::TransformerEncoder<Encoder, 2> encoder;
    auto wide_encoder = to<double>(encoder);
    require_widened(encoder, wide_encoder);
}
