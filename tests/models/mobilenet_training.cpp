#include <catch2/catch.hpp>

#include "../support/whole_models.hpp"
#include "xnn/models/mobilenet.hpp"

using namespace xnn;

// In double alone: its many rectifiers near zero leave float no learning rate at which the losses would tell much.
TEST_CASE("MobileNetV2 learns as PyTorch's", "[models]") {
    whole_models::check_training<double, Shape<8, 3, 64, 64>, models::MobileNetV2<10, double>>("mobilenet_v2", 1e-6, 1e-6);
}
