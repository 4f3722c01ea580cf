// A loader takes memory for its first epoch and none after, whether a thread fills its batches or not.
#include <catch2/catch.hpp>
#include <xnn/xnn.hpp>

#include "counter.hpp"

using namespace xnn;

TEST_CASE("allocation: an epoch after the first allocates nothing") {
    const index_t prefetch = GENERATE(index_t{0}, index_t{2});
    const data::TensorDataset samples{rand<Shape<50, 3, 4>>(), Tensor<std::int64_t, Shape<50>>{}};
    Generator generator(1);
    data::DataLoader loader(samples, {.batch_size = 8, .shuffle = true, .prefetch = prefetch, .generator = &generator});
    std::size_t before = 0;
    double sum = 0;
    for (int epoch = 0; epoch < 4; ++epoch) {
        if (epoch == 1) before = allocations();
        for (auto [images, labels] : loader) sum += static_cast<double>(images.data()[0]) + static_cast<double>(labels.size());
    }
    const std::size_t taken = allocations() - before;
    REQUIRE(sum > 0);
    REQUIRE(taken == 0);
}
