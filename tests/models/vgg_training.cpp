#include <catch2/catch.hpp>

#include "../support/whole_models.hpp"
#include "xnn/models/vgg.hpp"

using namespace xnn;

TEMPLATE_TEST_CASE("VGG-11 learns as PyTorch's", "[models]", float, double) {
    using Model = models::VGG<Dims<5>{1, 1, 2, 2, 2}, false, 10, 32, TestType>;
    whole_models::check_training<TestType, Shape<4, 3, 32, 32>, Model>("vgg11", 0.001, 1e-4);
}
