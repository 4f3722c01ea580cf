#include <catch2/catch.hpp>

#include "../support/whole_models.hpp"
#include "xnn/models/resnet.hpp"

using namespace xnn;

TEMPLATE_TEST_CASE("ResNet-50's bottlenecks learn as PyTorch's", "[models]", float, double) {
    using Model = models::ResNet<models::Bottleneck, Dims<4>{2, 2, 2, 2}, 10, 8, TestType>;
    whole_models::check_training<TestType, Shape<8, 3, 64, 64>, Model>("bottlenecks", 1e-5, 1e-5);
}
