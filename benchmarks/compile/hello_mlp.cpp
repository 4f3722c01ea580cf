// A first program: an MLP learns from a batch of random digits.
// at most: 3 s, 500 MB
#include <cstdio>
#include <xnn/xnn.hpp>
using namespace xnn;

using Mlp = nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<128, 10>>;

int main() {
    auto images = randn<Shape<64, 784>>();
    Tensor<std::int64_t, Shape<64>> labels;
    for (int i = 0; i < 64; ++i) labels.data()[i] = i % 10;
    Mlp model;
    optim::Adam optimizer{model, {.lr = 1e-3}};
    nn::CrossEntropyLoss criterion;
    for (int step = 0; step < 100; ++step) {
        optimizer.zero_grad();
        auto loss = criterion(model(images), labels);
        loss.backward();
        optimizer.step();
        if (step % 10 == 0) std::printf("%d %g\n", step, static_cast<double>(loss.item()));
    }
}
