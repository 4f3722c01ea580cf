// What a training step asks of the device where cuDNN computes its convolutions.
#include <xnn/models/lenet.hpp>

#include "../steps.hpp"
#include "dnn.hpp"

using namespace xnn;
using namespace fake;

TEST_CASE("a training step of LeNet with cuDNN", "[cuda]") {
    models::LeNet<10, 1, float> model;
    const Tensor<float, Shape<2, 1, 28, 28>> x;
    const Tensor<std::int64_t, Shape<2>> y;
    optim::Adam optimizer{model};
    const auto train = training_step(model, optimizer, x, y);
    require_launches(32, train);
    const auto count = [](const char* call) { return std::count(work().launches.begin(), work().launches.end(), call); };
    CHECK(count("forward with bias") == 2);
    CHECK(count("backward weight") == 2);
    CHECK(count("backward data") == 1);  // nobody asks for the images' gradient

    xnn::cuda::Graph step{train};
    CHECK(dnn().stream == xnn::cuda::current_stream());
    require_launches(1, step);
    CHECK(work().launches[0] == "graph");
}
