// A layer of one's own: say what it holds and what it computes; nothing needs to be registered.
#include <array>
#include <cmath>
#include <iostream>
#include <xnn/xnn.hpp>
using namespace xnn;

/// x + scale · value(x) · sigmoid(gate(x)): a gated residual block. [*, Width] → [*, Width].
template <index_t Width>
struct GatedBlock : nn::Module<GatedBlock<Width>> {
    nn::Linear<Width, Width> value;
    nn::Linear<Width, Width> gate;
    Parameter<float, Shape<Width>> scale{full<Shape<Width>>(0.1F)};

    auto forward(auto x) const {
        // x has a name, so every use of it means the same array: it is computed once, and its gradients are added up.
        return x + scale * tanh(value(x)) * sigmoid(gate(x));
    }
};

/// An array of layers is a list of them, as torch.nn.ModuleList.
struct Net : nn::Module<Net> {
    nn::Linear<1, 16> first;
    std::array<GatedBlock<16>, 2> blocks;
    nn::Linear<16, 1> last;

    auto forward(auto x) const { return x | first | blocks[0] | blocks[1] | last; }
};

static_assert(parameter_count<Net> == 32 + 2 * (2 * (16 * 16 + 16) + 16) + 17);
static_assert(std::same_as<output_of<Net, Shape<dyn, 1>>, Shape<dyn, 1>>);

int main() {
    manual_seed(1);
    Net net;
    // Names come from the members: these are the keys of a checkpoint.
    for (const auto& entry : net.state_dict()) std::cout << entry.name << ' ' << to_text(entry.extents) << '\n';

    // The network learns a sine.
    const Tensor<float, Shape<128, 1>> x = reshape<128, 1>(linspace<128>(-3, 3));
    const Tensor<float, Shape<128, 1>> y = sin(2 * x);
    optim::AdamW optimizer{net, {.lr = 0.01}};
    nn::MSELoss criterion;
    for (int step = 0; step <= 1000; ++step) {
        optimizer.zero_grad();
        const auto loss = criterion(net(x), y);
        loss.backward();
        optimizer.step();
        if (step % 250 == 0) std::cout << "step " << step << "  mean squared error " << loss.item() << '\n';
    }
}
