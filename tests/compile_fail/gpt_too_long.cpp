// More tokens than the model's context.
// expect: Gpt<
// expect: Expects<xnn::Shape<-1, 32>>
// expect: Got<xnn::Shape<2, 33>>
#include "xnn/models/gpt.hpp"

using namespace xnn;

int main() {
    models::Gpt<models::GptOptions{.layers = 1, .heads = 2, .width = 8, .context = 32, .vocabulary = 10}> model;
#ifdef XNN_CASE_CORRECT
    Tensor<std::int64_t, Shape<2, 32>> tokens;
#else
    Tensor<std::int64_t, Shape<2, 33>> tokens;
#endif
    auto logits = model(tokens);
    static_cast<void>(logits);
}
