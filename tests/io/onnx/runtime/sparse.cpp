#include "cases.hpp"

namespace onnx_cases {

void add_sparse(const Folder& folder) {
    using namespace nn;
    using I = std::int64_t;
    folder.add<Tensor<I, Shape<dyn, dyn>>>("Embedding", Embedding<10, 4, 0>{}, integers<I, Shape<3, 5>>(1, 10));
    folder.add<Tensor<std::int32_t, Shape<dyn>>>("Embedding_max_norm", Embedding<10, 4>({.max_norm = 0.5}), integers<std::int32_t, Shape<5>>(1, 10));
    const auto bags = integers<I, Shape<3, 5>>(1, 10);
    const auto positions = integers<I, Shape<9>>(1, 10);
    const auto weights = uniform<Shape<9>>(2);
    Tensor<I, Shape<4>> offsets;
    for (index_t i = 0; i < 4; ++i) offsets.data()[i] = std::array<I, 4>{0, 2, 2, 6}[static_cast<std::size_t>(i)];
    using Bags = Tensor<I, Shape<dyn, dyn>>;
    using Positions = Tensor<I, Shape<dyn>>;
    folder.add<Bags>("EmbeddingBag", EmbeddingBag<10, 4>{}, bags);
    folder.add<Bags>("EmbeddingBag_max", EmbeddingBag<10, 4, EmbeddingBagOptions{.mode = EmbeddingBagMode::max, .padding_idx = 3}>{}, bags);
    folder.add<Positions, Positions>("EmbeddingBag_offsets", EmbeddingBag<10, 4, EmbeddingBagOptions{.padding_idx = 3}>{}, positions, offsets);
    folder.add<Positions, Positions>("EmbeddingBag_offsets_max", EmbeddingBag<10, 4, EmbeddingBagOptions{.mode = EmbeddingBagMode::max}>{}, positions, offsets);
    folder.add<Positions, Positions, Shape<dyn>>("EmbeddingBag_weights", EmbeddingBag<10, 4, EmbeddingBagOptions{.mode = EmbeddingBagMode::sum}>{}, positions, offsets, weights);
}

}  // namespace onnx_cases
