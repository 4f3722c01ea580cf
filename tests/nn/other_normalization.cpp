#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/normalization.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/ops/random.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;
using nn::BatchNormOptions;
using nn::InstanceNormOptions;

namespace {

using Line = Shape<2, 6, 5>;
using Image = Shape<3, 6, 3, 2>;
using Volume = Shape<2, 6, 2, 3, 2>;

template <class T, AnyShape S, class Layer>
void check(const std::string& name, Layer& layer) {
    static const Fixture fixture("normalization.safetensors");
    check_layer<T, S>(fixture, name, layer);
}
template <class T, AnyShape S, class Layer>
void check(const std::string& name, Layer&& layer) {
    check<T, S>(name, static_cast<Layer&>(layer));
}

}  // namespace

TEMPLATE_TEST_CASE("BatchNorm3d is PyTorch's, with a cumulative average", "[nn]", float, double) {
    using T = TestType;
    nn::BatchNorm3d<6, BatchNormOptions{}, T> norm{1e-5, std::nullopt};
    check<T, Volume>("BatchNorm3d", norm);
    check<T, Volume>("BatchNorm3d again", norm);
    norm.eval();
    check<T, Volume>("BatchNorm3d eval", norm);
}

TEMPLATE_TEST_CASE("batch normalisations without parameters or without statistics are PyTorch's", "[nn]", float, double) {
    using T = TestType;
    check<T, Image>("BatchNorm2d no affine", nn::BatchNorm2d<6, BatchNormOptions{.affine = false}, T>{});
    check<T, Line>("BatchNorm1d no statistics", nn::BatchNorm1d<6, BatchNormOptions{.track_running_stats = false}, T>{});
}

TEMPLATE_TEST_CASE("GroupNorm is PyTorch's", "[nn]", float, double, bfloat16) {
    using T = TestType;
    check<T, Image>("GroupNorm", nn::GroupNorm<3, 6, true, T>{});
    check<T, Shape<4, 6>>("GroupNorm rows", nn::GroupNorm<2, 6, true, T>{1e-2});
    check<T, Volume>("GroupNorm volume", nn::GroupNorm<1, 6, false, T>{});
}

TEMPLATE_TEST_CASE("InstanceNorm is PyTorch's", "[nn]", float, double) {
    using T = TestType;
    check<T, Line>("InstanceNorm1d", nn::InstanceNorm1d<6, InstanceNormOptions{}, T>{});
    check<T, Shape<6, 5>>("InstanceNorm1d single", nn::InstanceNorm1d<6, InstanceNormOptions{.affine = true}, T>{});
    nn::InstanceNorm2d<6, InstanceNormOptions{.affine = true, .track_running_stats = true}, T> norm{1e-3, 0.3};
    check<T, Image>("InstanceNorm2d", norm);
    check<T, Image>("InstanceNorm2d again", norm);
    norm.eval();
    check<T, Image>("InstanceNorm2d eval", norm);
    nn::InstanceNorm2d<6, InstanceNormOptions{}, T> plain;
    plain.eval();
    check<T, Image>("InstanceNorm2d plain eval", plain);
    check<T, Volume>("InstanceNorm3d", nn::InstanceNorm3d<6, InstanceNormOptions{.track_running_stats = true}, T>{1e-5, std::nullopt});
}

TEMPLATE_TEST_CASE("LocalResponseNorm is PyTorch's", "[nn]", float, double) {
    using T = TestType;
    check<T, Image>("LocalResponseNorm", nn::LocalResponseNorm<3>{0.5, 0.6, 2});
    check<T, Line>("LocalResponseNorm even", nn::LocalResponseNorm<4>{});
    check<T, Volume>("LocalResponseNorm wide", nn::LocalResponseNorm<15>{1});
}

TEST_CASE("gradients of normalisations are right", "[nn]") {
    Parameter<double, Shape<2, 4, 5>> x(randn<Shape<2, 4, 5>, double>());
    const nn::GroupNorm<2, 4, true, double> group;
    const nn::InstanceNorm1d<4, InstanceNormOptions{.affine = true}, double> instance;
    const nn::LocalResponseNorm<3> local{0.5};
    REQUIRE(gradcheck([&](auto& v) { return group(v) * v; }, x));
    REQUIRE(gradcheck([&](auto& v) { return instance(v) * v; }, x));
    REQUIRE(gradcheck([&](auto& v) { return local(v) * v; }, x));
}

TEST_CASE("what has no variance is not normalised", "[nn]") {
    const nn::InstanceNorm1d<2> instance;
    REQUIRE_ERROR(instance(Tensor<float, Shape<3, 2, 1>>{}).value(), "instance_norm", "more than 1 position", "(3, 2, 1)");
    const nn::GroupNorm<2, 2> group;
    REQUIRE_ERROR(group(Tensor<float, Shape<3, 2>>{}).value(), "group_norm", "more than 1 value", "(3, 2)");
}

TEST_CASE("an instance normalisation's state has PyTorch's names", "[nn]") {
    nn::InstanceNorm1d<3, InstanceNormOptions{.affine = true, .track_running_stats = true}> norm;
    std::string names;
    for (const auto& entry : norm.state_dict()) names += entry.name + to_text(entry.extents) + " ";
    REQUIRE(names == "weight(3) bias(3) running_mean(3) running_var(3) num_batches_tracked() ");
    REQUIRE(nn::InstanceNorm3d<3>{}.state_dict().empty());
}

static_assert(!accepts<nn::InstanceNorm2d<3>, Shape<dyn, 4, 5, 5>>);
static_assert(accepts<nn::InstanceNorm2d<3>, Shape<3, 5, 5>>);
static_assert(!accepts<nn::GroupNorm<2, 4>, Shape<dyn, 6, 5>>);
static_assert(std::same_as<output_of<nn::LocalResponseNorm<5>, Shape<dyn, 6, 5>>, Shape<dyn, 6, 5>>);
