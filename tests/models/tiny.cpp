#include "xnn/models/tiny.hpp"

#include <catch2/catch.hpp>

#include "../support/frozen.hpp"
#include "../support/whole_models.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/optim/adam.hpp"
#include "xnn/optim/sgd.hpp"

using namespace xnn;

static_assert(std::same_as<output_of<models::AnomalyAutoencoder<>, Shape<dyn, 640>>, Shape<dyn, 640>>);
static_assert(std::same_as<output_of<models::DSCNN<>, Shape<dyn, 1, 49, 10>>, Shape<dyn, 12>>);
static_assert(std::same_as<output_of<models::MobileNetV1<>, Shape<dyn, 3, 96, 96>>, Shape<dyn, 2>>);
static_assert(std::same_as<output_of<models::MobileNetV1<1000, 32>, Shape<1, 3, 224, 224>>, Shape<1, 1000>>);
static_assert(parameter_count<models::MobileNetV1<1000, 32>> == 4'231'976);  // as in Keras, statistics left out
static_assert(std::same_as<output_of<models::ResNet8<>, Shape<dyn, 3, 32, 32>>, Shape<dyn, 10>>);
static_assert(!accepts<models::DSCNN<>, Shape<dyn, 3, 49, 10>>);

TEST_CASE("the networks of MLPerf Tiny answer as in PyTorch, in training and out of it, and frozen", "[models]") {
    SECTION("anomaly detection") {
        models::AnomalyAutoencoder<> model;
        whole_models::check_both_modes<float, Shape<4, 640>>("anomaly_autoencoder", model);
        require_same_frozen<Shape<4, 640>>(model);
    }
    SECTION("keyword spotting") {
        models::DSCNN<> model;
        whole_models::check_both_modes<float, Shape<4, 1, 49, 10>>("ds_cnn", model);
        require_same_frozen<Shape<4, 1, 49, 10>>(model);
    }
    SECTION("visual wake words") {
        models::MobileNetV1<> model;
        whole_models::check_both_modes<float, Shape<2, 3, 96, 96>>("mobilenet_v1", model);
        require_same_frozen<Shape<2, 3, 96, 96>>(model);
    }
    SECTION("image classification") {
        models::ResNet8<> model;
        whole_models::check_both_modes<float, Shape<4, 3, 32, 32>>("resnet8", model);
        require_same_frozen<Shape<4, 3, 32, 32>>(model);
    }
}

TEMPLATE_TEST_CASE("ResNet-8 learns as PyTorch's", "[models]", float, double) {
    models::ResNet8<10, 16, TestType> model;
    SECTION("SGD") {
        optim::SGD optimizer{model, {.lr = 0.001, .momentum = 0.9}};
        whole_models::check_losses<TestType, Shape<4, 3, 32, 32>>("resnet8/SGD", model, optimizer);
    }
    SECTION("Adam") {
        optim::Adam optimizer{model, {.lr = 1e-4}};
        whole_models::check_losses<TestType, Shape<4, 3, 32, 32>>("resnet8/Adam", model, optimizer);
    }
}
