// A model and its data on the device and back: what docs/cuda.md shows.
#include <catch2/catch.hpp>
#include <cstring>
#include <xnn/cuda.hpp>
#include <xnn/models/lenet.hpp>
#include <xnn/models/resnet.hpp>
#include <xnn/xnn.hpp>

namespace {

using namespace xnn;

template <class Device>
double train(const Tensor<float, Shape<8, 1, 28, 28>, Cpu>& images, const Tensor<std::int64_t, Shape<8>, Cpu>& labels, int steps) {
    manual_seed(1);
    auto model = to<Device>(models::LeNet<10, 1, float, Cpu>());
    const auto x = to<Device>(images);
    const auto y = to<Device>(labels);
    optim::Adam optimizer{model, {.lr = 1e-3}};
    double last = 0;
    for (int i = 0; i < steps; ++i) {
        optimizer.zero_grad();
        const auto loss = nn::CrossEntropyLoss<>{}(model(x), y);
        loss.backward();
        optimizer.step();
        last = static_cast<double>(loss.item());
    }
    return last;
}

}  // namespace

TEST_CASE("cuda: a model is trained on the device as on the host", "[cuda]") {
    manual_seed(2);
    const auto images = rand<Shape<8, 1, 28, 28>, float, Cpu>();
    const Tensor<std::int64_t, Shape<8>, Cpu> labels{0, 1, 2, 3, 4, 5, 6, 7};
    const double on_host = train<Cpu>(images, labels, 5), on_device = train<DefaultDevice>(images, labels, 5);
    REQUIRE(on_device == Approx(on_host).epsilon(1e-4));
    REQUIRE(on_device < 2.3);
}

TEST_CASE("cuda: state goes to the device and back", "[cuda]") {
    models::LeNet<10, 1, float, Cpu> model;
    auto on_device = to<DefaultDevice>(model);
    auto back = to<Cpu>(on_device);
    static_assert(std::same_as<decltype(back), models::LeNet<10, 1, float, Cpu>>);
    for (index_t i = 0; i < model.fc1.weight.size(); ++i) REQUIRE(back.fc1.weight.data()[i] == model.fc1.weight.data()[i]);

    models::LeNet<10, 1, float, Cpu> other;
    auto target = to<DefaultDevice>(other);
    target.load_state_dict(model.state_dict());
    back = to<Cpu>(target);
    for (index_t i = 0; i < model.conv1.weight.size(); ++i) REQUIRE(back.conv1.weight.data()[i] == model.conv1.weight.data()[i]);
}

TEST_CASE("cuda: a residual network goes to the device and back", "[cuda]") {
    models::ResNet<models::BasicBlock, Dims<4>{2, 3, 2, 2}, 10, 4, float, Cpu> model;
    auto back = to<Cpu>(to<DefaultDevice>(model));
    static_assert(std::same_as<decltype(back), decltype(model)>);
    const auto expected = model.state_dict(), got = back.state_dict();
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) REQUIRE(std::memcmp(got[i].data, expected[i].data, static_cast<std::size_t>(got[i].bytes())) == 0);
}
