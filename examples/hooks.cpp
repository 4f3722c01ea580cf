// Hooks: functions of a program's own that see what goes through a model's layers, forward and back, and may change it.
#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <xnn/nn/hooks.hpp>
#include <xnn/xnn.hpp>
using namespace xnn;

namespace {

struct Net : nn::Module<Net> {
    nn::Linear<2, 32> fc1;
    nn::Tanh act1;
    nn::Linear<32, 32> fc2;
    nn::Tanh act2;
    nn::Linear<32, 2> head;

    auto forward(auto x) const { return x | fc1 | act1 | fc2 | act2 | head; }
};

double root_mean_square(const nn::HookArray& array) {
    double sum = 0;
    for (const float x : array.values<float>()) sum += static_cast<double>(x) * static_cast<double>(x);
    return std::sqrt(sum / static_cast<double>(array.size()));
}

}  // namespace

int main() {
    manual_seed(1);
    const Tensor<float, Shape<256, 2>> points = rand<Shape<256, 2>>() * 4 - 2;
    const Tensor<std::int64_t, Shape<256>> within = to<std::int64_t>(norm<1>(points) < 1.5);
    Net net;
    const nn::CrossEntropyLoss criterion;
    std::cout << std::fixed << std::setprecision(4);

    {
        // How large are the results of each layer, and their gradients? The handles remove the hooks at the end of this block.
        std::map<std::string, std::pair<double, double>> sizes;
        std::vector<nn::RemovableHandle> handles;
        for (const auto& [name, module] : net.named_modules()) {
            if (name.empty()) continue;
            handles.push_back(module.register_forward_hook([&sizes, label = name](const nn::ModuleRef&, std::span<const nn::HookArray>, std::span<nn::HookArray> outputs) {
                sizes[label].first = root_mean_square(outputs[0]);
            }));
            handles.push_back(module.register_full_backward_pre_hook([&sizes, label = name](const nn::ModuleRef&, std::span<nn::HookArray> grad_outputs) {
                sizes[label].second = root_mean_square(grad_outputs[0]);
            }));
        }
        criterion(net(nn::hooked(points)), within).backward();
        for (const auto& [name, size] : sizes) std::cout << std::setw(6) << name << "  result " << size.first << "  gradient " << size.second << '\n';
    }

    {
        // What does the network answer if the first four neurons of a layer are silent?
        const auto silent = net.act1.register_forward_hook([](const nn::ModuleRef&, std::span<const nn::HookArray>, std::span<nn::HookArray> outputs) {
            const auto y = outputs[0].as<float, Shape<dyn, 32>>();
            outputs[0] = y * to<float>(arange<32>() >= 4);
        });
        const Tensor<float, Shape<256, 2>> damaged = net(nn::hooked(points));
        const Tensor<float, Shape<256, 2>> whole = Net(net)(points);  // a copy has no hooks
        std::cout << "mean change without four neurons: " << mean(abs(damaged - whole)).item() << '\n';
    }

    // Gradients that are too large for one layer become smaller on their way into it.
    const auto clipped = net.fc2.register_full_backward_pre_hook([](const nn::ModuleRef&, std::span<nn::HookArray> grad_outputs) {
        if (const double size = root_mean_square(grad_outputs[0]); size > 1e-3) grad_outputs[0] = grad_outputs[0].as<float, Shape<dyn, 32>>() * (1e-3 / size);
    });
    optim::Adam optimizer{net, {.lr = 0.01}};
    for (int step = 0; step <= 100; ++step) {
        optimizer.zero_grad();
        const auto loss = criterion(net(nn::hooked(points)), within);
        loss.backward();
        optimizer.step();
        if (step % 50 == 0) std::cout << "step " << step << "  loss " << loss.item() << '\n';
    }
}
