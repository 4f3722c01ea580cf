// What training steps ask of the device.
#include <xnn/models/lenet.hpp>

#include "steps.hpp"

using namespace xnn;
using namespace fake;

// docs/cuda.md counts what the least is.

TEST_CASE("a training step of an MLP", "[cuda]") {
    nn::Sequential<nn::Linear<12, 8>, nn::ReLU, nn::Linear<8, 6>, nn::ReLU, nn::Linear<6, 4>> model;
    const Tensor<float, Shape<4, 12>> x;
    const Tensor<std::int64_t, Shape<4>> y;
    optim::Adam optimizer{model};
    require_launches(18, training_step(model, optimizer, x, y));
}

TEST_CASE("a training step of LeNet", "[cuda]") {
    models::LeNet<10, 1, float> model;
    Tensor<float, Shape<2, 1, 28, 28>> x;
    const Tensor<std::int64_t, Shape<2>> y;
    Tensor<float, Shape<>> last;
    optim::Adam optimizer{model};
    require_launches(37, training_step(model, optimizer, x, y));

    xnn::cuda::Graph step{[&] {
        optimizer.zero_grad();
        const auto loss = nn::CrossEntropyLoss<>{}(model(x), y);
        loss.backward();
        optimizer.step();
        last = loss;
    }};
    require_launches(1, step);
    REQUIRE(work().launches[0] == "graph");
    reset();
    const Tensor<float, Shape<2, 10>> scores = model(inference(x));  // in other memory than the step's
    REQUIRE(work().launches.size() > 5);
    require_launches(1, step);
    reset();
    x.copy_(Tensor<float, Shape<2, 1, 28, 28>, Cpu>());  // new inputs for the step
    REQUIRE(work().copies_to_device == 1);
    REQUIRE(work().allocations == 0);
}
