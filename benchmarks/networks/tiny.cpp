// Networks so small that a call costs as much as the work in it, for one input at a time.
#include "tiny.hpp"

#include <algorithm>
#include <memory>
#include <xnn/nn/freeze.hpp>
#include <xnn/xnn.hpp>

namespace {

using namespace xnn;

using Mlp = nn::Sequential<nn::Linear<13, 64>, nn::Tanh, nn::Linear<64, 64>, nn::Tanh, nn::Linear<64, 4>>;

std::span<const float> numbers(const auto& parameter) { return {parameter.data(), static_cast<std::size_t>(parameter.size())}; }

void add_tiny_mlp(bench::Work& work) {
    struct Answerer {
        Mlp model;
        nn::frozen_t<Mlp> frozen = nn::freeze(model);
        Tensor<float, Shape<1, 13>> x;
    };
    manual_seed(1);
    const auto answerer = std::make_shared<Answerer>();
    const auto x = work.random(13);
    std::copy(x.begin(), x.end(), answerer->x.data());
    const auto add = [&](const char* name, auto answer) {
        work.add(name, [=, y = work.zeros(4)] {
            const NoGradGuard no_grad;
            Tensor<float, Shape<1, 4>> result = answer(*answerer);
            std::copy_n(result.data(), 4, y.data());
            return y;
        });
    };
    add("xnn", [](const Answerer& a) { return a.frozen(a.x); });
    add("xnn not frozen", [](const Answerer& a) { return a.model(inference(a.x)); });
#if XNN_BENCH_EIGEN
    const auto& one = get<0>(answerer->model.layers);
    const auto& two = get<2>(answerer->model.layers);
    const auto& three = get<4>(answerer->model.layers);
    work.add("eigen", tiny_mlp_eigen({x, numbers(one.weight), numbers(one.bias), numbers(two.weight), numbers(two.bias), numbers(three.weight),
                                      numbers(three.bias)},
                                     work.zeros(4)));
#endif
}

}  // namespace

void bench::suite(Suite& suite) {
    constexpr double operations = 2.0 * (13 * 64 + 64 * 64 + 64 * 4);
    suite.work("MLP 13-64-64-4, tanh", {.flops = operations, .items = 1}, add_tiny_mlp);
}
