// The program hello_mlp with libtorch.
#include <torch/torch.h>

#include <cstdio>

int main() {
    auto images = torch::randn({64, 784});
    auto labels = torch::arange(64) % 10;
    torch::nn::Sequential model(torch::nn::Linear(784, 128), torch::nn::ReLU(), torch::nn::Linear(128, 10));
    torch::optim::Adam optimizer(model->parameters(), 1e-3);
    torch::nn::CrossEntropyLoss criterion;
    for (int step = 0; step < 100; ++step) {
        optimizer.zero_grad();
        auto loss = criterion(model->forward(images), labels);
        loss.backward();
        optimizer.step();
        if (step % 10 == 0) std::printf("%d %g\n", step, loss.item<double>());
    }
}
