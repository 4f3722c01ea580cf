// A training step of ResNet-50, for any number of images.
// at most: 15 s, 2000 MB
#include <xnn/models/resnet.hpp>
#include <xnn/xnn.hpp>
using namespace xnn;

int main() {
    const auto images = randn<Shape<dyn, 3, 64, 64>>(Shape<dyn, 3, 64, 64>(4));
    const Tensor<std::int64_t, Shape<4>> labels{1, 2, 3, 4};
    models::ResNet50<10> model;
    optim::SGD optimizer{model, {.lr = 0.01, .momentum = 0.9}};
    nn::CrossEntropyLoss criterion;
    optimizer.zero_grad();
    auto loss = criterion(model(images), labels);
    loss.backward();
    optimizer.step();
}
