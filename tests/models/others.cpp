#include <catch2/catch.hpp>

#include "../support/frozen.hpp"
#include "../support/whole_models.hpp"
#include "xnn/models/lenet.hpp"
#include "xnn/models/mobilenet.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;

static_assert(parameter_count<models::MobileNetV2<>> == 3'504'872);
static_assert(std::same_as<output_of<models::MobileNetV2<>, Shape<dyn, 3, 224, 224>>, Shape<dyn, 1000>>);
static_assert(std::same_as<output_of<models::LeNet<>, Shape<dyn, 1, 64, 48>>, Shape<dyn, 10>>);

TEST_CASE("MobileNetV2 answers as PyTorch's, in training and out of it", "[models]") {
    models::MobileNetV2<10> model;
    whole_models::check_both_modes<float, Shape<4, 3, 64, 64>>("mobilenet_v2", model);
    require_same_frozen<Shape<2, 3, 40, 40>>(model);
    REQUIRE(whole_models::keys_of(model).ends_with("classifier.1.weight 10 1280\nclassifier.1.bias 10\n"));
}

TEST_CASE("MobileNetV2's state dict has torchvision's names and shapes", "[models]") {
    models::MobileNetV2<> model;
    REQUIRE(whole_models::keys_of(model) == whole_models::stored_keys("mobilenet_v2"));
}

TEMPLATE_TEST_CASE("LeNet answers and learns as PyTorch's", "[models]", float, double) {
    using Images = Shape<4, 1, 28, 28>;
    models::LeNet<10, 1, TestType> model;
    SECTION("answers") { whole_models::check_both_modes<TestType, Images>("lenet", model); }
    SECTION("SGD") {
        optim::SGD optimizer{model, {.lr = 0.001, .momentum = 0.9}};
        whole_models::check_losses<TestType, Images>("lenet/SGD", model, optimizer);
    }
    SECTION("Adam") {
        optim::Adam optimizer{model, {.lr = 1e-4}};
        whole_models::check_losses<TestType, Images>("lenet/Adam", model, optimizer);
    }
}
