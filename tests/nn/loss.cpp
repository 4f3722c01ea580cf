#include "xnn/nn/loss.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/fixture.hpp"

using namespace xnn;

namespace {

using S = Shape<4, 3>;

template <Reduction R>
const char* const reduction_name = R == Reduction::none ? " none" : R == Reduction::mean ? " mean" : " sum";

template <class T, AnyShape X, class Criterion, class Target>
void check_against(const std::string& name, const Criterion& criterion, const Target& target, double tolerance = tolerance_of<T>) {
    INFO(name << " in " << name_of(dtype_of<T>));
    const auto& fixture = layer_fixture();
    Parameter<T, X> x(fixture.tensor<T, X>(name + "/x"));
    const auto y = criterion(x, target);
    using Y = typename decltype(y)::shape_type;
    y.backward(fixture.tensor<T, Y>(name + "/gy").view());
    fixture.require_close(y.value().data, y.value().size(), name + "/y", tolerance);
    fixture.require_close(x.grad().data(), x.size(), name + "/gx", tolerance);
}
/// The target is an array like the input.
template <class T, AnyShape X = S, class Criterion>
void check_loss(const std::string& name, const Criterion& criterion, double tolerance = tolerance_of<T>) {
    const auto& fixture = layer_fixture();
    Parameter<T, X> target(fixture.tensor<T, X>(name + "/t"));
    check_against<T, X>(name, criterion, target, tolerance);
    if (fixture.contains(name + "/gt")) fixture.require_close(target.grad().data(), target.size(), name + "/gt", tolerance_of<T>);
}
/// The target is class indices.
template <class T, AnyShape X, AnyShape Target, class Criterion>
void check_classes(const std::string& name, const Criterion& criterion) {
    check_against<T, X>(name, criterion, layer_fixture().tensor<std::int64_t, Target>(name + "/t"));
}

template <class T>
Tensor<T, Shape<3>> weight(const char* name) { return layer_fixture().tensor<T, Shape<3>>(name); }

template <class T, Reduction R>
void check_class_losses() {
    const std::string r = reduction_name<R>;
    using Weight = Tensor<T, Shape<3>>;
    const auto weights = weight<T>("losses/weight");
    using Rows = Shape<4>;
    using Images = Shape<2, 3, 2, 2>;
    using Labels = Shape<2, 2, 2>;
    check_classes<T, S, Rows>("CrossEntropyLoss" + r, nn::CrossEntropyLoss<R>{});
    check_classes<T, S, Rows>("CrossEntropyLoss options" + r,
                              nn::CrossEntropyLoss<R, Weight>{weights, {.ignore_index = 2, .label_smoothing = 0.1}});
    check_loss<T>("CrossEntropyLoss probabilities" + r, nn::CrossEntropyLoss<R, Weight>{weights, {.label_smoothing = 0.2}});
    check_classes<T, Images, Labels>("CrossEntropyLoss images" + r, nn::CrossEntropyLoss<R>{});
    check_classes<T, S, Rows>("NLLLoss" + r, nn::NLLLoss<R>{});
    check_classes<T, Images, Labels>("NLLLoss options" + r, nn::NLLLoss<R, Weight>{weights, {.ignore_index = 1}});
}

template <class T, Reduction R>
void check_pointwise_losses() {
    const std::string r = reduction_name<R>;
    using Weight = Tensor<T, Shape<3>>;
    const auto weights = weight<T>("losses/weight"), positive = weight<T>("losses/positive");
    check_loss<T>("MSELoss" + r, nn::MSELoss<R>{});
    check_loss<T>("L1Loss" + r, nn::L1Loss<R>{});
    check_loss<T>("SmoothL1Loss" + r, nn::SmoothL1Loss<R>{0.7});
    check_loss<T>("SmoothL1Loss(0)" + r, nn::SmoothL1Loss<R>{0});
    check_loss<T>("HuberLoss" + r, nn::HuberLoss<R>{0.7});
    check_loss<T>("BCELoss" + r, nn::BCELoss<R>{});
    check_loss<T>("BCELoss weight" + r, nn::BCELoss<R, Weight>{weights});
    check_loss<T>("BCEWithLogitsLoss" + r, nn::BCEWithLogitsLoss<R>{});
    check_loss<T>("BCEWithLogitsLoss weights" + r, nn::BCEWithLogitsLoss<R, Weight, Weight>{weights, positive});
    check_loss<T>("KLDivLoss" + r, nn::KLDivLoss<R>{});
    check_loss<T>("KLDivLoss logs" + r, nn::KLDivLoss<R, true>{});
}

struct Holder : nn::Module<Holder> {
    nn::CrossEntropyLoss<> criterion;
    nn::Buffer<float, Shape<2>> other;
};

}  // namespace

TEST_CASE("losses over classes are PyTorch's", "[nn]") {
    check_class_losses<double, Reduction::none>();
    check_class_losses<double, Reduction::mean>();
    check_class_losses<double, Reduction::sum>();
    check_class_losses<float, Reduction::mean>();
}

TEST_CASE("pointwise losses are PyTorch's", "[nn]") {
    check_pointwise_losses<double, Reduction::none>();
    check_pointwise_losses<double, Reduction::mean>();
    check_pointwise_losses<double, Reduction::sum>();
    check_pointwise_losses<float, Reduction::mean>();
    check_loss<double>("KLDivLoss batchmean", nn::KLDivLoss<Reduction::batchmean>{});
    check_loss<double, Shape<1, 3>>("BCELoss at the ends", nn::BCELoss<>{}, 1e-7);  // PyTorch's bound 1e-12 is a float here
}

TEST_CASE("a criterion's arguments are deduced", "[nn]") {
    nn::CrossEntropyLoss plain;
    nn::CrossEntropyLoss smooth{{.label_smoothing = 0.1}};
    nn::CrossEntropyLoss weighted{Tensor<double, Shape<2>>{1, 2}, {.ignore_index = 1}};
    nn::NLLLoss nll{{.ignore_index = 3}};
    nn::BCEWithLogitsLoss logits{nn::no_weight, Tensor<float, Shape<2>>{1, 2}};
    nn::MSELoss mse;
    STATIC_REQUIRE(std::same_as<decltype(plain), nn::CrossEntropyLoss<Reduction::mean>>);
    REQUIRE(smooth.label_smoothing == 0.1);
    REQUIRE(weighted.state_dict().size() == 1);
    REQUIRE(weighted.state_dict()[0].name == "weight");
    REQUIRE(nll.ignore_index == 3);
    REQUIRE(logits.named_buffers()[0].name == "pos_weight");
    REQUIRE(mse(Tensor<float, Shape<2>>{1, 2}, Tensor<float, Shape<2>>{1, 4}).item() == 2);
    REQUIRE(Holder{}.state_dict().size() == 1);
}

TEST_CASE("targets that cannot be are refused, and nothing changes", "[nn]") {
    Parameter<float, Shape<2, 3>> x;
    Tensor<std::int64_t, Shape<2>> target{0, 3};
    nn::CrossEntropyLoss criterion;
    nn::NLLLoss nll;
    REQUIRE_ERROR(criterion(x, target).backward(), "cross_entropy", "[0, 3)", "3 at position 1");
    REQUIRE_ERROR(nll(x, target).backward(), "nll_loss", "[0, 3)", "3 at position 1");
    target(1) = -1;
    REQUIRE_ERROR(criterion(x, target).backward(), "cross_entropy", "-1 at position 1");
    REQUIRE(!x.has_grad());

    const Tensor<float, Shape<dyn>> a(Shape<dyn>(2)), b(Shape<dyn>(3));
    REQUIRE_ERROR(nn::BCELoss{}(a, b), "binary_cross_entropy", "(2)", "(3)");
    REQUIRE_ERROR(nn::MSELoss{}(a, b), "mse_loss", "(2)", "(3)");
    REQUIRE_ERROR((nn::CrossEntropyLoss{{.label_smoothing = 1.5}}), "label_smoothing", "1.5");
    REQUIRE_ERROR(nn::HuberLoss{0}(a, a), "delta", "above 0");
    REQUIRE_ERROR(nn::SmoothL1Loss{-1}(a, a), "beta", "at least 0");
}
