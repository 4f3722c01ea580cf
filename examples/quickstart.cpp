// A first program: a small network learns which points of the plane lie within a circle.
#include <iostream>
#include <xnn/xnn.hpp>
using namespace xnn;

using Net = nn::Sequential<nn::Linear<2, 32>, nn::ReLU, nn::Linear<32, 2>>;

int main() {
    manual_seed(1);
    const Tensor<float, Shape<512, 2>> points = rand<Shape<512, 2>>() * 4 - 2;
    const Tensor<std::int64_t, Shape<512>> within = to<std::int64_t>(norm<1>(points) < 1.5);
    Net net;
    optim::Adam optimizer{net, {.lr = 0.01}};
    nn::CrossEntropyLoss criterion;
    for (int step = 0; step <= 400; ++step) {
        optimizer.zero_grad();
        const auto scores = net(points);               // nothing has been computed yet
        const auto loss = criterion(scores, within);   // still nothing
        loss.backward();                               // one pass forward, one back
        optimizer.step();
        const auto accuracy = mean(to<float>(argmax<1>(scores) == within));  // the scores of that one pass
        if (step % 100 == 0) std::cout << "step " << step << "  loss " << loss.item() << "  right " << accuracy.item() * 100 << " %\n";
    }
}
