// The same bits from run to run and for any number of threads.
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "../support/networks.hpp"

using namespace xnn;

namespace {

/// All parameters after some steps, as bytes.
template <class Model>
std::vector<unsigned char> trained(int threads) {
    const int threads_before = get_num_threads();
    set_num_threads(threads);
    manual_seed(3);
    Model model;
    optim::Adam optimizer{model, {.lr = 1e-3}};
    nn::CrossEntropyLoss criterion;
    for (std::uint64_t step = 0; step < 3; ++step) {
        const networks::Images<float, 96> batch(step);
        optimizer.zero_grad();
        criterion(model(batch.images), batch.labels).backward();
        optimizer.step();
    }
    set_num_threads(threads_before);
    std::vector<unsigned char> bytes;
    for (const auto& entry : model.state_dict()) {
        const auto* data = static_cast<const unsigned char*>(entry.data);
        bytes.insert(bytes.end(), data, data + entry.bytes());
    }
    return bytes;
}

}  // namespace

TEMPLATE_TEST_CASE("determinism: training gives the same bits for 1, 2 and 4 threads", "", networks::Mlp<>, networks::LeNet<>,
                   networks::Residual<>, networks::Normalized<>) {
    const auto once = trained<TestType>(1);
    REQUIRE(trained<TestType>(1) == once);
    REQUIRE(trained<TestType>(2) == once);
    REQUIRE(trained<TestType>(4) == once);
}
