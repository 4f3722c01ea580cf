#include "xnn/nn/loss.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"
#include "../support/losses.hpp"

using namespace losses;

namespace {

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

TEST_CASE("pointwise losses are PyTorch's", "[nn]") {
    check_pointwise_losses<double, Reduction::none>();
    check_pointwise_losses<double, Reduction::mean>();
    check_loss<double, Shape<1, 3>>("BCELoss at the ends", nn::BCELoss<>{}, 1e-7);  // PyTorch's bound 1e-12 is a float here
}

TEST_CASE("pointwise losses are reduced as PyTorch's", "[nn]") {
    check_loss<double>("MSELoss sum", nn::MSELoss<Reduction::sum>{});
    check_loss<double>("KLDivLoss sum", nn::KLDivLoss<Reduction::sum>{});
    check_loss<double>("KLDivLoss batchmean", nn::KLDivLoss<Reduction::batchmean>{});
    check_loss<float>("MSELoss mean", nn::MSELoss<>{});
    check_loss<float>("BCEWithLogitsLoss mean", nn::BCEWithLogitsLoss<>{});
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
