// A user's first program: a small network learns to tell whether two numbers have the same sign.
#include <cstdio>
#include <xnn/xnn.hpp>

using namespace xnn;

using Net = nn::Sequential<nn::Linear<2, 16>, nn::ReLU, nn::Linear<16, 2>>;
static_assert(parameter_count<Net> == 2 * 16 + 16 + 16 * 2 + 2);

int main() {
    Tensor<float, Shape<4, 2>> points;
    Tensor<std::int64_t, Shape<4>> labels;
    for (int i = 0; i < 4; ++i) {
        points.data()[2 * i] = i & 1 ? 1.f : -1.f;
        points.data()[2 * i + 1] = i & 2 ? 1.f : -1.f;
        labels.data()[i] = i == 0 || i == 3;
    }
    Net net;
    optim::Adam optimizer{net, {.lr = 0.05}};
    nn::CrossEntropyLoss criterion;
    float last = 1;
    for (int step = 0; step < 300; ++step) {
        optimizer.zero_grad();
        auto loss = criterion(net(points), labels);
        loss.backward();
        optimizer.step();
        last = loss.item();
    }
    std::printf("loss %g\n", static_cast<double>(last));
    return last < 0.05f ? 0 : 1;
}
