#include "xnn/models/vgg.hpp"

#include <catch2/catch.hpp>

#include "../support/frozen.hpp"
#include "../support/whole_models.hpp"
#include "xnn/nn/traits.hpp"

using namespace xnn;

static_assert(parameter_count<models::VGG11<>> == 132'863'336);
static_assert(parameter_count<models::VGG11BN<>> == 132'868'840);
static_assert(parameter_count<models::VGG16<>> == 138'357'544);
static_assert(parameter_count<models::VGG16BN<>> == 138'365'992);
static_assert(std::same_as<output_of<models::VGG11<>, Shape<dyn, 3, 224, 224>>, Shape<dyn, 1000>>);
static_assert(!accepts<models::VGG11<>, Shape<dyn, 3, 31, 31>>);

TEST_CASE("VGG-11 answers as PyTorch's", "[models]") {
    models::VGG<Dims<5>{1, 1, 2, 2, 2}, false, 10, 32> model;  // torchvision's but for fewer outputs of the linear layers
    whole_models::check_both_modes<float, Shape<2, 3, 64, 64>>("vgg11", model);
}

TEST_CASE("VGG-16 with normalisations answers as PyTorch's and has torchvision's names", "[models]") {
    models::VGG<Dims<5>{2, 2, 3, 3, 3}, true, 10, 32> model;
    REQUIRE(whole_models::keys_of(model) == whole_models::stored_keys("vgg16_bn"));
    whole_models::check_both_modes<float, Shape<2, 3, 64, 64>>("vgg16_bn", model);
    require_same_frozen<Shape<2, 3, 32, 32>>(model);
}
