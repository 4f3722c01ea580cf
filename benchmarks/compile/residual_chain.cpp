// Twelve pre-norm residual blocks, each a module, train one step: types must not double at every block.
// at most: 10 s
#include <xnn/xnn.hpp>
using namespace xnn;

struct Block : nn::Module<Block> {
    nn::LayerNorm<Shape<64>> norm;
    nn::Linear<64, 256> up;
    nn::Linear<256, 64> down;
    auto forward(auto x) const { return x + (x | norm | up | nn::gelu | down); }
};
using Chain = nn::Sequential<Block, Block, Block, Block, Block, Block, Block, Block, Block, Block, Block, Block>;

int main() {
    auto x = randn<Shape<8, 64>>();
    auto target = randn<Shape<8, 64>>();
    Chain model;
    optim::Adam optimizer{model, {.lr = 1e-3}};
    nn::MSELoss criterion;
    optimizer.zero_grad();
    auto loss = criterion(model(x), target);
    loss.backward();
    optimizer.step();
}
