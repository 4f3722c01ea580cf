// Training steps, from zero_grad to the optimiser's step, in samples per second: an MLP 784-256-128-10 and a LeNet with 20
// and 50 channels and 500 features, on batches of 64.
#include "train.hpp"

#include <algorithm>
#include <memory>
#include <xnn/xnn.hpp>

namespace {

using namespace xnn;

constexpr index_t batch = 64;

struct Mlp : nn::Module<Mlp> {
    static constexpr Network network = Network::mlp;
    using images = Shape<batch, 784>;
    nn::Linear<784, 256> fc1;
    nn::Linear<256, 128> fc2;
    nn::Linear<128, 10> fc3;
    auto forward(auto x) const { return x | fc1 | nn::relu | fc2 | nn::relu | fc3; }
};

struct LeNet : nn::Module<LeNet> {
    static constexpr Network network = Network::lenet;
    using images = Shape<batch, 1, 28, 28>;
    nn::Conv2d<1, 20, 5> conv1;
    nn::Conv2d<20, 50, 5> conv2;
    nn::Linear<800, 500> fc1;
    nn::Linear<500, 10> fc2;
    auto forward(auto x) const {
        return x | conv1 | nn::max_pool2d<2> | nn::relu | conv2 | nn::max_pool2d<2> | nn::relu | nn::flatten | fc1 | nn::relu | fc2;
    }
};

optim::SGD optimizer(auto& model, const optim::SGDOptions& options) { return optim::SGD{model, options}; }
optim::Adam optimizer(auto& model, const optim::AdamOptions& options) { return optim::Adam{model, options}; }

/// A model and all it learns from.
template <class Model, class Options>
struct Trainer {
    Tensor<float, typename Model::images> images;
    Tensor<std::int64_t, Shape<batch>> labels;
    Model model;
    decltype(optimizer(model, Options{})) method;
    nn::CrossEntropyLoss<> criterion;

    Trainer(const Options& options, std::span<const float> pixels) : method(model, options) {
        std::copy(pixels.begin(), pixels.end(), images.data());
        for (index_t i = 0; i < batch; ++i) labels(i) = i * 7 % 10;
    }

    float step(double rate) {
        method.lr(0) = rate;
        method.zero_grad();
        const auto loss = criterion(model(images), labels);
        loss.backward();
        method.step();
        return loss.item();
    }
};

template <class Model, Method method, class Options>
void add_training(bench::Work& work, const Options& options) {
    manual_seed(1);
    const auto pixels = work.random(static_cast<std::size_t>(Model::images::static_size), 0, 1);
    const auto trainer = std::make_shared<Trainer<Model, Options>>(options, pixels);
    const auto losses = [&] { return work.zeros(compared_steps); };
#if XNN_BENCH_LIBTORCH
    const auto extents = Model::images::static_extents;
    const Training training{Model::network, method, weights_of(trainer->model.named_parameters()), {extents.begin(), extents.end()}, pixels,
                            {trainer->labels.data(), batch}};
#endif
    work.add("xnn", timed([=](double rate) { return trainer->step(rate); }, options.lr, losses()));
#if XNN_BENCH_LIBTORCH
    work.add("libtorch", train_libtorch(training, false, losses()));
    if (Model::network == Network::lenet) work.add("libtorch nhwc", train_libtorch(training, true, losses()));
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    const optim::SGDOptions sgd{.lr = sgd_rate, .momentum = momentum};
    const optim::AdamOptions adam{.lr = adam_rate};
    const Cost cost{.items = batch};
    suite.work("MLP, SGD", cost, [=](Work& work) { add_training<Mlp, Method::sgd>(work, sgd); });
    suite.work("MLP, Adam", cost, [=](Work& work) { add_training<Mlp, Method::adam>(work, adam); });
    suite.work("LeNet, SGD", cost, [=](Work& work) { add_training<LeNet, Method::sgd>(work, sgd); });
    suite.work("LeNet, Adam", cost, [=](Work& work) { add_training<LeNet, Method::adam>(work, adam); }, 1e-3);
}
