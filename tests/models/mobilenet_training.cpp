#include <catch2/catch.hpp>

#include "../support/whole_models.hpp"
#include "xnn/models/mobilenet.hpp"

using namespace xnn;

TEMPLATE_TEST_CASE("MobileNetV2 learns as PyTorch's", "[models]", float, double) {
    whole_models::check_training<TestType, Shape<8, 3, 64, 64>, models::MobileNetV2<10, TestType>>("mobilenet_v2", 1e-6, 1e-6);
}
