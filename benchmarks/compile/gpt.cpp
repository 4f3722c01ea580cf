// A GPT of twelve blocks (BLOCKS) trains one step: blocks of one type must cost the compiler as much as one.
// at most: 15 s, 2048 MB
#include <xnn/models/gpt.hpp>
#include <xnn/xnn.hpp>
using namespace xnn;

#ifndef BLOCKS
#define BLOCKS 12
#endif
using Gpt = models::Gpt<models::GptOptions{.layers = BLOCKS, .heads = 4, .width = 64, .context = 32, .vocabulary = 65}>;

int main() {
    Tensor<std::int64_t, Shape<2, 32>> tokens, targets;
    for (index_t i = 0; i < tokens.size(); ++i) {
        tokens.data()[i] = i * 7 % 65;
        targets.data()[i] = (i + 1) * 7 % 65;
    }
    Gpt model;
    optim::AdamW optimizer{model, {.lr = 1e-3}};
    nn::CrossEntropyLoss criterion;
    optimizer.zero_grad();
    auto loss = criterion(reshape<64, 65>(model(tokens)), reshape<64>(targets));
    loss.backward();
    optimizer.step();
}
