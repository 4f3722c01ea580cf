#include <catch2/catch.hpp>

#include "../support/losses.hpp"
#include "xnn/nn/loss.hpp"

using namespace losses;

namespace {

template <class T, Reduction R>
void check_class_losses() {
    const std::string r = reduction_name<R>;
    using Weight = Tensor<T, Shape<3>>;
    const auto weights = weight<T>("losses/weight");
    using Images = Shape<2, 3, 2, 2>;
    using Labels = Shape<2, 2, 2>;
    check_classes<T, Scores, Shape<4>>("CrossEntropyLoss" + r, nn::CrossEntropyLoss<R>{});
    check_classes<T, Scores, Shape<4>>("CrossEntropyLoss options" + r,
                              nn::CrossEntropyLoss<R, Weight>{weights, {.ignore_index = 2, .label_smoothing = 0.1}});
    check_loss<T>("CrossEntropyLoss probabilities" + r, nn::CrossEntropyLoss<R, Weight>{weights, {.label_smoothing = 0.2}});
    check_classes<T, Images, Labels>("CrossEntropyLoss images" + r, nn::CrossEntropyLoss<R>{});
    check_classes<T, Scores, Shape<4>>("NLLLoss" + r, nn::NLLLoss<R>{});
    check_classes<T, Images, Labels>("NLLLoss options" + r, nn::NLLLoss<R, Weight>{weights, {.ignore_index = 1}});
    check_classes<T, Shape<3>, Shape<>>("CrossEntropyLoss one" + r, nn::CrossEntropyLoss<R, Weight>{weights, {.label_smoothing = 0.1}});
    check_loss<T, Shape<3>>("CrossEntropyLoss one probabilities" + r, nn::CrossEntropyLoss<R>{});
    check_classes<T, Shape<3>, Shape<>>("NLLLoss one" + r, nn::NLLLoss<R, Weight>{weights});
}

}  // namespace

TEST_CASE("losses over classes are PyTorch's", "[nn]") {
    check_class_losses<double, Reduction::none>();
    check_class_losses<double, Reduction::mean>();
    check_class_losses<double, Reduction::sum>();
    check_classes<float, Scores, Shape<4>>("CrossEntropyLoss mean", nn::CrossEntropyLoss<>{});
    check_classes<float, Scores, Shape<4>>("NLLLoss mean", nn::NLLLoss<>{});
}
