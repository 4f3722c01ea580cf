// A step with sparse gradients after the first takes nothing from the heap, whichever rows it uses.
#include <catch2/catch.hpp>

#include "counter.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;

TEST_CASE("allocation: steps with sparse gradients") {
    struct Net : nn::Module<Net> {
        nn::Embedding<200, 8, nn::sparse> words;
        nn::EmbeddingBag<200, 8, nn::EmbeddingBagOptions{.mode = EmbeddingBagMode::sum, .sparse = true}> bags;
    } net;
    optim::SparseAdam adam{net.words};
    optim::SGD sgd{net.bags};
    Tensor<std::int64_t, Shape<32>> indices;
    Tensor<std::int64_t, Shape<4>> offsets{0, 0, 0, 0};
    std::size_t before = 0;
    for (std::int64_t step = 0; step < 6; ++step) {
        if (step == 2) before = allocations();
        for (index_t i = 0; i < 32; ++i) indices.data()[i] = (i * (step + 1) + 31 * step) % 200;
        for (index_t b = 1; b < 4; ++b) offsets.data()[b] = step * b;
        adam.zero_grad();
        sgd.zero_grad();
        auto loss = mean(square(net.words(indices))) + mean(square(net.bags(indices, offsets)));
        loss.backward();
        adam.step();
        sgd.step();
    }
    REQUIRE(allocations() == before);
}
