// Moving to shared memory does nothing on a device, where PyTorch's does nothing either.
#include <catch2/catch.hpp>
#include <xnn/core/shared_memory.hpp>
#include <xnn/cuda.hpp>
#include <xnn/xnn.hpp>

using namespace xnn;

TEST_CASE("cuda: what stands on a device stays there", "[cuda]") {
    nn::Linear<4, 3> model;
    const auto* const place = model.bias.data();
    model.share_memory();
    REQUIRE(model.bias.is_shared());
    REQUIRE(model.bias.data() == place);

    Parameter<float, Shape<3>> parameter(ones<Shape<3>>());
    const auto backward = [&] { sum(parameter * parameter).backward(); };
    backward();
    const auto* const gradient = parameter.grad().data();
    parameter.share_memory_().zero_grad();
    backward();
    REQUIRE(parameter.grad().data() == gradient);

    Tensor<float, Shape<3>> tensor(ones<Shape<3>>());
    REQUIRE(tensor.share_memory_().is_shared());
    REQUIRE(to<Cpu>(tensor)(2) == 1);
}
