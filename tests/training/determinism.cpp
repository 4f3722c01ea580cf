// The same bits from run to run and for any number of threads.
#include <catch2/catch.hpp>

#include "../support/networks.hpp"
#include "../support/trained.hpp"

using namespace xnn;

TEMPLATE_TEST_CASE("determinism: training gives the same bits for 1, 2 and 4 threads", "", networks::Mlp<>, networks::LeNet<>,
                   networks::Residual<>, networks::Normalized<>) {
    require_same_bits<TestType>([](auto& model, int step) {
        const networks::Images<float, 96> batch(static_cast<std::uint64_t>(step));
        nn::CrossEntropyLoss{}(model(batch.images), batch.labels).backward();
    });
}
