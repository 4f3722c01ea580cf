#include <catch2/catch.hpp>

#include "../support/whole_models.hpp"
#include "xnn/models/resnet.hpp"

using namespace xnn;

TEST_CASE("ResNet-50 answers as PyTorch's, in training and out of it", "[models]") {
    models::ResNet50<10> model;
    whole_models::check_both_modes<float, Shape<4, 3, 64, 64>>("resnet50", model);
}

TEST_CASE("ResNet-50's state dict has torchvision's names and shapes", "[models]") {
    models::ResNet50<> model;
    REQUIRE(whole_models::keys_of(model) == whole_models::stored_keys("resnet50"));
}
