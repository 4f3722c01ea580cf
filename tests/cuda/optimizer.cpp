// The queue that an optimiser's steps go to: parameters of any size and number, by one rule or another.
#include "device_arrays.hpp"
#include "xnn/cuda/optimizer.hpp"

using namespace xnn;
using namespace xnn::testing;

TEST_CASE("steps of many parameters in one queue", "[cuda]") {
    constexpr index_t parameters = 150, longest = 5000;
    constexpr index_t size = parameters * longest;
    const auto step = [](auto device, float* p, float* g, float* m, float* v) {
        auto steps = begin_steps<float>(device);
        for (index_t i = 0; i < parameters; ++i) {
            const index_t at = i * longest, n = i * 977 % longest;
            const kernels::AdamOptions options{.lr = 0.1, .weight_decay = 0.01};
            if (i > 100)
                sgd_step(steps, n, p + at, static_cast<const float*>(g + at), m + at, kernels::SgdOptions{.momentum = 0.5}, i > 120);
            else
                adamw_step(steps, n, p + at, static_cast<const float*>(g + at), m + at, v + at, static_cast<float*>(nullptr), options, i < 80 ? 0.1 : 0.2, 0.3);
        }
        finish_steps(steps);
    };
    Numbers squares = random(size, 0, 4);
    for (float& x : squares) x *= x;
    require_same(1e-6, step, random(size), random(size, 0, 2), random(size, 0, 3), squares);
}
