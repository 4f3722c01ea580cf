// Buffers that go from one owner to the next, and what that leaves of the memory of named values.
#include "xnn/expr/spare_buffers.hpp"

#include <catch2/catch.hpp>

#include "../support/networks.hpp"

using namespace xnn;

TEST_CASE("spare buffers: the smallest that is large enough is next, or the largest grows", "[expr]") {
    detail::SpareBuffers<Cpu> spare;
    auto small = spare.take(64), large = spare.take(640);
    const void *const small_place = small.data(), *const large_place = large.data();
    spare.give(std::move(large));
    spare.give(std::move(small));
    REQUIRE(spare.bytes() == 64 + 640);
    auto first = spare.take(60);
    REQUIRE(first.data() == small_place);
    auto second = spare.take(128);
    REQUIRE(second.data() == large_place);
    spare.give(std::move(first));
    spare.give(std::move(second));
    const auto grown = spare.take(6400);
    REQUIRE(grown.size() == 6400);
    REQUIRE(spare.bytes() == 64);
}

namespace {
/// Named values one after another.
struct Deep : nn::Module<Deep> {
    nn::Linear<64, 64> layer;
    index_t depth = 1;
    auto forward(auto input) const {
        const auto step = [&](const auto& x) { return relu(layer(x)) + x; };
        auto x = layer(input).share();
        for (index_t i = 0; i < depth; ++i) x = step(x).share();
        return x;
    }
};

/// Bytes to spare after an answer, in a thread that had none.
std::size_t answered(index_t depth) {
    std::size_t bytes = 0;
    std::thread([&] {
        Deep model;
        model.depth = depth;
        const Tensor<float, Shape<16, 64>> x;
        {
            const NoGradGuard no_grad;
            static_cast<void>(model(x).value());
        }
        bytes = SpareMemory<Cpu>::of_thread().buffers.bytes();
    }).join();
    return bytes;
}
}  // namespace

TEST_CASE("spare buffers: an answer takes what is alive at once, however deep the model", "[expr]") {
    constexpr std::size_t of_value = 16 * 64 * sizeof(float);
    REQUIRE(answered(2) >= of_value);
    REQUIRE(answered(100) == answered(2));
    REQUIRE(answered(100) <= 4 * of_value);
}
