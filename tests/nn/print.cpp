// Layers as PyTorch prints them; the expected text is PyTorch's.
#include "xnn/nn/print.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "xnn/nn/containers.hpp"
#include "xnn/nn/activation.hpp"
#include "xnn/nn/module_dict.hpp"

using namespace xnn;
using nn::Sizes;

TEST_CASE("convolutions and paddings print as PyTorch's", "[nn]") {
    using Model = nn::Sequential<
        nn::Conv2d<3, 8, 3, nn::ConvOptions{.padding = nn::same, .padding_mode = PaddingMode::reflect}>,
        nn::Conv3d<8, 4, Sizes(3, 2, 3), nn::ConvOptions{.stride = {2, 1, 1}, .padding = {1, 0, 2}, .dilation = {1, 2, 1}, .groups = 2, .bias = false}>>;
    REQUIRE(nn::to_string(nn::Conv2d<3, 8, 3, nn::ConvOptions{.padding = nn::same, .padding_mode = PaddingMode::reflect}>{}) ==
            "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, padding_mode=reflect)");
    REQUIRE(nn::to_string(Model{}).find(
                "(1): Conv3d(8, 4, kernel_size=(3, 2, 3), stride=(2, 1, 1), padding=(1, 0, 2), dilation=(1, 2, 1), groups=2, bias=False)") !=
            std::string::npos);
    constexpr nn::ConvTransposeOptions options{.stride = {2, 1}, .padding = {1, 0}, .output_padding = 1, .groups = 2, .dilation = {1, 2}};
    REQUIRE(nn::to_string(nn::ConvTranspose2d<4, 6, Sizes(3, 2), options>{}) ==
            "ConvTranspose2d(4, 6, kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), output_padding=(1, 1), groups=2)");
    REQUIRE(nn::to_string(nn::ConvTranspose1d<4, 6, 3, nn::ConvTransposeOptions{.bias = false}>{}) ==
            "ConvTranspose1d(4, 6, kernel_size=(3,), stride=(1,), bias=False)");
    REQUIRE(nn::to_string(nn::ReflectionPad2d<Pads(1, 2, 0, 3)>{}) == "ReflectionPad2d((1, 2, 0, 3))");
    REQUIRE(nn::to_string(nn::ZeroPad3d<1>{}) == "ZeroPad3d((1, 1, 1, 1, 1, 1))");
    REQUIRE(nn::to_string(nn::CircularPad1d<2>{}) == "CircularPad1d((2, 2))");
    REQUIRE(nn::to_string(nn::ConstantPad1d<Pads(2, 0)>{1.5}) == "ConstantPad1d(padding=(2, 0), value=1.5)");
    REQUIRE(nn::to_string(nn::Unfold<Sizes(3, 2), nn::UnfoldOptions{.dilation = {1, 2}, .padding = 1}>{}) ==
            "Unfold(kernel_size=(3, 2), dilation=(1, 2), padding=1, stride=1)");
    REQUIRE(nn::to_string(nn::Fold<Sizes(4, 5), 2>{}) == "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)");
}

namespace {
using Pair = Parameter<float, Shape<2>>;
struct Containers : nn::Module<Containers> {
    nn::ModuleList<nn::Linear<2, 2>> blocks{2};
    nn::ModuleList<nn::Linear<2, 2>> empty;
    std::array<nn::ReLU, 1> one;
    nn::ModuleDict<nn::Named<"a", nn::ReLU>, nn::Named<"b", nn::Tanh>> choices;
    nn::ParameterList<Parameter<double, Shape<2, 3>>> scales{2};
    nn::ParameterList<Pair> single{1};
    nn::ParameterDict<Pair> shifts;
};
}  // namespace

TEST_CASE("containers print as PyTorch's, equal neighbours of a list as one", "[nn]") {
    Containers module;
    module.shifts.set("down", Pair{}).set("up", Pair{});
    std::ostringstream text;
    text << module;
    REQUIRE(text.str() == R"(Containers(
  (blocks): ModuleList(
    (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
  )
  (empty): ModuleList()
  (one): ModuleList(
    (0): ReLU()
  )
  (choices): ModuleDict(
    (a): ReLU()
    (b): Tanh()
  )
  (scales): ParameterList(
      (0): Parameter containing: [torch.float64 of size 2x3]
      (1): Parameter containing: [torch.float64 of size 2x3]
  )
  (single): ParameterList(  (0): Parameter containing: [torch.float32 of size 2])
  (shifts): ParameterDict(
      (down): Parameter containing: [torch.FloatTensor of size 2]
      (up): Parameter containing: [torch.FloatTensor of size 2]
  )
))");
}
