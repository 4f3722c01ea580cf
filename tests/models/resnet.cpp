#include "xnn/models/resnet.hpp"

#include <catch2/catch.hpp>

#include "../support/whole_models.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;

namespace {

using Images = Shape<4, 3, 64, 64>;
using Logits = Shape<dyn, 10>;

static_assert(parameter_count<models::ResNet18<>> == 11'689'512);
static_assert(parameter_count<models::ResNet34<>> == 21'797'672);
static_assert(parameter_count<models::ResNet50<>> == 25'557'032);
static_assert(std::same_as<output_of<models::ResNet34<10>, Shape<dyn, 3, 224, 224>>, Logits>);
static_assert(std::same_as<output_of<models::ResNet18<10>, Shape<dyn, 3, dyn, dyn>>, Logits>);
static_assert(!accepts<models::ResNet18<10>, Shape<dyn, 1, 224, 224>>);

}  // namespace

TEMPLATE_TEST_CASE("ResNet-18 answers as PyTorch's, in training and out of it", "[models]", float, double) {
    models::ResNet18<10, TestType> model;
    whole_models::check_both_modes<TestType, Images>("resnet18", model);
}

TEMPLATE_TEST_CASE("ResNet-18 learns as PyTorch's", "[models]", float, double) {
    models::ResNet18<10, TestType> model;
    SECTION("SGD") {
        optim::SGD optimizer{model, {.lr = 0.001, .momentum = 0.9}};
        whole_models::check_losses<TestType, Images>("resnet18/SGD", model, optimizer);
    }
    SECTION("Adam") {
        optim::Adam optimizer{model, {.lr = 1e-4}};
        whole_models::check_losses<TestType, Images>("resnet18/Adam", model, optimizer);
    }
}

// In double only: float32's losses depend on rounding then, PyTorch's among them, see tests/oracle/model_training.py.
TEST_CASE("ResNet-18 learns as PyTorch's at a high learning rate", "[models]") {
    models::ResNet18<10, double> model;
    optim::SGD optimizer{model, {.lr = 0.01, .momentum = 0.9}};
    whole_models::check_losses<double, Images>("resnet18/SGD", model, optimizer, whole_models::training_fixture());
}

TEST_CASE("ResNet-18's state dict has torchvision's names and shapes, and its weights begin as torchvision's", "[models]") {
    models::ResNet18<> model;
    REQUIRE(whole_models::keys_of(model) == whole_models::stored_keys("resnet18"));
    // kaiming_normal_ with fan_out: variance 2 / (128 · 9)
    const auto& weight = get<0>(model.layer2.layers).conv1.weight;
    double sum = 0;
    for (const float w : weight.value()) sum += static_cast<double>(w) * static_cast<double>(w);
    REQUIRE(sum / static_cast<double>(weight.size()) == Approx(2.0 / (128 * 9)).epsilon(0.02));
    REQUIRE(model.bn1.weight.value()(5) == 1);
}

TEST_CASE("extents of a run that do not fit ResNet-18 are refused", "[models]") {
    models::ResNet18<10> model;
    const Tensor<float, Shape<dyn, dyn, dyn, dyn>> gray(Shape<dyn, dyn, dyn, dyn>(1, 1, 32, 32));
    REQUIRE_THROWS_AS(model(gray), Error);
}
