// Padding layers, Unfold and Fold, against PyTorch (tests/oracle/convolutions.py).
#include "xnn/nn/padding.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/fold.hpp"
#include "xnn/nn/functional.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;

namespace {

template <class T, class S, class Layer>
void check(const std::string& name, Layer layer) {
    static const Fixture fixture("convolutions.safetensors");
    check_layer<T, S>(fixture, name, layer);
}

/// F::pad as a layer.
template <index_t... Amounts>
struct PadMany : nn::Module<PadMany<Amounts...>> {
    double value;
    explicit PadMany(double v = 0) : value(v) {}
    auto forward(auto x) const { return nn::F::pad<Amounts...>(std::move(x), value); }
};

using Line = Shape<2, 3, 5>;
using Image = Shape<2, 3, 4, 3>;
using Volume = Shape<2, 2, 3, 4, 2>;
// Not in functions, where clang 14 takes them for variables.
constexpr Pads line_pads(2, 3), image_pads(1, 2, 0, 3);
constexpr nn::UnfoldOptions options{.dilation = {1, 2}, .padding = {1, 2}, .stride = {2, 1}};

}  // namespace

TEMPLATE_TEST_CASE("paddings are PyTorch's", "[nn][pad]", double, bfloat16) {
    using T = TestType;
    check<T, Line>("ReflectionPad1d", nn::ReflectionPad1d<line_pads>{});
    check<T, Image>("ReflectionPad2d", nn::ReflectionPad2d<image_pads>{});
    check<T, Volume>("ReflectionPad3d", nn::ReflectionPad3d<1>{});
    check<T, Line>("ReplicationPad1d", nn::ReplicationPad1d<line_pads>{});
    check<T, Image>("ReplicationPad2d", nn::ReplicationPad2d<image_pads>{});
    check<T, Volume>("ReplicationPad3d", nn::ReplicationPad3d<1>{});
    check<T, Line>("CircularPad1d", nn::CircularPad1d<line_pads>{});
    check<T, Image>("CircularPad2d", nn::CircularPad2d<image_pads>{});
    check<T, Volume>("CircularPad3d", nn::CircularPad3d<1>{});
    check<T, Line>("ZeroPad1d", nn::ZeroPad1d<line_pads>{});
    check<T, Image>("ZeroPad2d", nn::ZeroPad2d<image_pads>{});
    check<T, Volume>("ZeroPad3d", nn::ZeroPad3d<1>{});
    check<T, Line>("ConstantPad1d", nn::ConstantPad1d<Pads(2, 0)>{1.5});
    check<T, Image>("ConstantPad2d", nn::ConstantPad2d<Pads(1, -1, -2, 2)>{-0.5});
    check<T, Volume>("ConstantPad3d", nn::ConstantPad3d<Pads(1, 0, -1, 2, 0, 1)>{3.0});
}

TEMPLATE_TEST_CASE("pad takes any number of dimensions", "[nn][pad]", float, double, bfloat16) {
    using T = TestType;
    using Five = Shape<2, 3, 2, 3, 2>;
    check<T, Five>("pad 4", PadMany<1, 2, 0, 1, -1, 2, 2, 1>{1.5});
    check<T, Five>("pad 5", PadMany<0, -1, 1, 0, 0, 2, 0, -1, 1, 2>{});
    check<T, Line>("ConstantPad1d", PadMany<2, 0>{1.5});
    static_assert(std::same_as<output_of<PadMany<1, 1, 0, 0, 0, 0, 2, 3>, Shape<dyn, 4, 3, dyn, 5>>, Shape<dyn, 9, 3, dyn, 7>>);
    static_assert(!accepts<PadMany<1, 1, 0, 0, 0, 0, 2, 3>, Shape<4, 3, 5>>);
    static_assert(!accepts<PadMany<0, 0, 0, 0, 0, 0, -2, -1>, Shape<2, 1, 1, 1>>);
    const Tensor<float, Shape<dyn, 1, 1, 1>> few(Shape<dyn, 1, 1, 1>(2));
    REQUIRE_ERROR((PadMany<0, 0, 0, 0, 0, 0, -2, -1>{}(few)), "pad", "(2, 1, 1, 1)");
}

TEMPLATE_TEST_CASE("Unfold and Fold are PyTorch's", "[nn][fold]", float, double, bfloat16) {
    using T = TestType;
    check<T, Shape<2, 3, 4, 5>>("Unfold", nn::Unfold<2>{});
    check<T, Shape<2, 3, 4, 5>>("Unfold options", nn::Unfold<nn::Sizes(3, 2), options>{});
    check<T, Shape<2, 12, 12>>("Fold", nn::Fold<nn::Sizes(4, 5), 2>{});
    check<T, Shape<2, 12, 14>>("Fold options", nn::Fold<nn::Sizes(4, 5), nn::Sizes(3, 2), options>{});
}

TEST_CASE("shapes of paddings and patches are known to the compiler", "[nn][pad]") {
    static_assert(std::same_as<output_of<nn::ZeroPad2d<Pads(1, 2, 3, 4)>, Shape<dyn, 3, 5, dyn>>, Shape<dyn, 3, 12, dyn>>);
    static_assert(std::same_as<output_of<nn::ReflectionPad1d<2>, Shape<3>>, Shape<7>>);
    static_assert(!accepts<nn::ReflectionPad1d<2>, Shape<4, 2>>);
    static_assert(!accepts<nn::CircularPad1d<3>, Shape<4, 2>>);
    static_assert(accepts<nn::CircularPad1d<2>, Shape<4, 2>>);
    static_assert(!accepts<nn::ReplicationPad1d<1>, Shape<4, 0>>);
    static_assert(!accepts<nn::ReplicationPad1d<Pads(-1, 0)>, Shape<4, 5>>);
    static_assert(!accepts<nn::ZeroPad1d<Pads(-2, -1)>, Shape<4, 2>>);
    static_assert(!accepts<nn::ZeroPad2d<1>, Shape<4>>);
    static_assert(std::same_as<output_of<nn::Unfold<2>, Shape<dyn, 3, 4, 5>>, Shape<dyn, 12, 12>>);
    static_assert(std::same_as<output_of<nn::Unfold<2>, Shape<4, 3, dyn, 5>>, Shape<4, 12, dyn>>);
    static_assert(!accepts<nn::Unfold<3>, Shape<1, 1, dyn, 2>>);
    static_assert(std::same_as<output_of<nn::Unfold<2>, Shape<3, 4, dyn>>, Shape<12, dyn>>);
    static_assert(!accepts<nn::Unfold<2>, Shape<4, 5>>);
    static_assert(std::same_as<output_of<nn::Fold<nn::Sizes(4, 5), 2>, Shape<dyn, 12, dyn>>, Shape<dyn, 3, 4, 5>>);
    static_assert(!accepts<nn::Fold<nn::Sizes(4, 5), 2>, Shape<1, 13, 12>>);
    static_assert(!accepts<nn::Fold<nn::Sizes(4, 5), 2>, Shape<1, 12, 11>>);
}

TEST_CASE("extents too small to pad or to fold are refused in a run", "[nn][pad]") {
    const Tensor<float, Shape<dyn>> line(Shape<dyn>(2));
    REQUIRE_ERROR(nn::ReflectionPad1d<2>{}(line).value(), "pad", "(2)");
    const Tensor<float, Shape<1, dyn, dyn>> patches(Shape<1, dyn, dyn>(12, 11));
    REQUIRE_ERROR((nn::Fold<nn::Sizes(4, 5), 2>{}(patches).value()), "fold", "(1, 12, 11)");
    const Tensor<float, Shape<1, 1, dyn, dyn>> image(Shape<1, 1, dyn, dyn>(2, 1));
    REQUIRE_ERROR(nn::Unfold<2>{}(image).value(), "unfold", "(1, 1, 2, 1)");
}
