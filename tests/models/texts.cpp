// torchvision's networks print as PyTorch prints them, and name what is in them as it does.
#include <catch2/catch.hpp>

#include "../support/module_texts.hpp"
#include "xnn/models/mobilenet.hpp"
#include "xnn/models/resnet.hpp"
#include "xnn/models/vgg.hpp"

using namespace xnn;

namespace {

template <class M>
void check(const std::string& name) {
    M model;
    check_text("model_texts.txt", name, model);
}

}  // namespace

TEST_CASE("networks of torchvision's have its printed form", "[models]") {
    check<models::ResNet18<>>("resnet18");
    check<models::ResNet50<>>("resnet50");
    check<models::VGG<Dims<5>{1, 1, 2, 2, 2}, false, 1000, 64>>("vgg11");
    check<models::VGG<Dims<5>{2, 2, 3, 3, 3}, true, 1000, 64>>("vgg16_bn");
    check<models::MobileNetV2<>>("mobilenet_v2");
}
