// Residual networks of few channels, which learn alike in float and double at rates where wide ones do not.
#include <catch2/catch.hpp>

#include "../support/whole_models.hpp"
#include "xnn/models/resnet.hpp"

using namespace xnn;

TEMPLATE_TEST_CASE("a narrow ResNet-18 learns as PyTorch's at a high learning rate", "[models]", float, double) {
    using Model = models::ResNet<models::BasicBlock, Dims<4>{2, 2, 2, 2}, 10, 8, TestType>;
    whole_models::check_training<TestType, Shape<8, 3, 32, 32>, Model>("narrow_resnet18", 0.01, 1e-3);
}
