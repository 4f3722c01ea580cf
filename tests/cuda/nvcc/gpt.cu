#include "training.hpp"

#include <xnn/models/gpt.hpp>

int main() {
    using Model = xnn::models::Gpt<xnn::models::GptOptions{.layers = 2, .heads = 4, .width = 128, .context = 64, .vocabulary = 65}>;
    train_and_answer<Model, xnn::Tensor<std::int64_t, xnn::Shape<16, 64>>, 16 * 64>();
}
